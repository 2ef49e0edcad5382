"""Handshake: from an open port to an open CAN channel, with every answer awaited.

Close, ask who it is, set the bitrate, open. An adapter that answers nothing takes no longer
than a second to be named as such; what one has answered once it must answer from then on.
No command is sent twice in a row without need, and never an empty line: the firmware of
CANable and CANtact repeats its last line then, which may be a frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from canbus.backends.slcan.adapter_filter import filter_command
from canbus.backends.slcan.answers import Asked, Outcome
from canbus.backends.slcan.bit_rate import BitRate
from canbus.backends.slcan.conversation import Conversation
from canbus.backends.slcan.dialects import LAWICEL, UNKNOWN, Answers, Dialect
from canbus.backends.slcan.identify import dialect_of
from canbus.logs import logger
from canbus.plugin import CanConfigError, CanFilter, CanInitializationError, CanUnsupportedError

HANDSHAKES = ("auto", "require", "off")

_FIRST = 0.1  # seconds for an adapter of which nothing is known yet
_VERSION = 0.3
_SERIAL_NUMBER = 0.15
_MUST = 0.5  # for an answer that must come
_GRACE = 0.05  # for one that may come, before it is made sure by a question
_WHY_SILENT = (
    "is this the adapter's port, and tty_baudrate= right? "
    "For an adapter that never answers: handshake='off'"
)


class Request(NamedTuple):
    """How the channel shall be opened.

    Attributes:
        dialect: of the adapter; None asks it.
        handshake: "auto", "require" or "off".
        rate: the bitrate.
        fd: for CAN FD.
        listen_only: never send anything, acknowledgements included.
        loopback: receive what is sent.
        stamps: with the adapter's own time stamps.
        filters: what to receive, for an adapter that can filter.
    """

    dialect: Dialect | None
    handshake: str
    rate: BitRate
    fd: bool = False
    listen_only: bool = False
    loopback: bool = False
    stamps: bool = False
    filters: Sequence[CanFilter] | None = None


class Adapter(NamedTuple):
    """What is known of an adapter whose channel is open.

    Attributes:
        dialect: the one it was told, or concluded.
        version: its answer to `V`; "" if there was none.
        serial_number: its answer to `N`; "" if there was none.
        answered: first letters of the commands that it answered.
        open_command: what opened the channel.
    """

    dialect: Dialect
    version: str
    serial_number: str
    answered: frozenset[str]
    open_command: str

    @property
    def answers_frames(self) -> bool:
        """It answers each frame, as it does the command that opens the channel."""
        return self.open_command[0] in self.answered


class Handshake:
    """Opens the channel.

    Args:
        talk: with the adapter.
        request: what is wanted.
        shown: the channel, for messages.
        is_first: nothing was received for us yet, so that what comes before the channel is open
            belongs to somebody else.
    """

    def __init__(self, talk: Conversation, request: Request, shown: str, *, is_first: bool) -> None:
        self._talk = talk
        self._request = request
        self._shown = shown
        self._is_first = is_first
        self._asked: list[Asked] = []
        self._version = ""
        self._serial_number = ""

    def run(self) -> Adapter:
        """Open it.

        Raises:
            CanInitializationError: nothing answers, something must answer and does not, or the
                adapter refuses a command.
            CanConfigError: the dialect has no such bitrate.
            CanUnsupportedError: it has no CAN FD, listen-only mode, loopback or time stamps.
            CanChannelNotFoundError: the port is gone.
        """
        dialect = self._request.dialect
        is_mute = dialect is not None and dialect.answers is Answers.NONE
        if self._request.handshake == "off" or (is_mute and self._request.handshake == "auto"):
            return self._open_blindly(dialect or UNKNOWN)
        self._close()
        dialect = self._identify(dialect)
        try:
            commands = commands_for(self._request, dialect)
        except CanConfigError:
            if not self._answered:
                raise self._silence() from None
            raise
        # CR and BEL do not say what they answer: what was not answered by now is not waited for.
        self._talk.forget()
        for word in commands[:-1]:
            self._command(word, dialect)
        if self._is_first:
            self._talk.begin()
        self._command(commands[-1], dialect)
        if not self._answered:
            raise self._silence()
        for asked in self._asked:  # an answer that came late may be a refusal
            if asked.word in commands and asked.outcome is Outcome.REFUSED:
                raise self._refused(asked, dialect)
        self._talk.forget()
        return self._adapter(dialect, commands[-1])

    @property
    def _answered(self) -> set[str]:
        """First letters of the commands that were answered, however late."""
        heard = {Outcome.DONE, Outcome.REFUSED}
        return {asked.word[0] for asked in self._asked if asked.outcome in heard}

    def _ask(self, word: str, seconds: float) -> Asked:
        asked = self._talk.ask(word, seconds)
        self._asked.append(asked)
        return asked

    def _adapter(self, dialect: Dialect, open_command: str) -> Adapter:
        return Adapter(
            dialect, self._version, self._serial_number, frozenset(self._answered), open_command
        )

    def _open_blindly(self, dialect: Dialect) -> Adapter:
        commands = commands_for(self._request, dialect)
        for word in ("C", *commands):
            if word == commands[-1] and self._is_first:
                self._talk.begin()
            self._talk.tell(word, _MUST)
        return self._adapter(dialect, commands[-1])

    # -- steps ------------------------------------------------------------------------

    def _close(self) -> None:
        # Twice: half a line of the program before us may be in front of the first one.
        dialect = self._request.dialect
        insists = self._request.handshake == "require"
        for _ in range(2):
            if insists or dialect is None or dialect.answers_close:
                self._ask("C", _MUST if insists else _FIRST)
            else:
                self._talk.tell("C", _FIRST)
            self._insist("C")

    def _identify(self, told: Dialect | None) -> Dialect:
        """Ask who it is; what was told is not doubted."""
        version = Asked("V")
        if told is None or "V" in told.questions:
            version = self._question("V", _VERSION)
        dialect = told or dialect_of(version.text, "")
        if dialect is LAWICEL and told is None:
            dialect = dialect_of(version.text, self._question("v", _FIRST).text)
        if "N" in dialect.questions or dialect is UNKNOWN:
            self._serial_number = self._question("N", _SERIAL_NUMBER).text
        if dialect is UNKNOWN:
            dialect = dialect_of(version.text, "")  # it may have come late
        self._version = version.text
        if told is None:
            logger().info(
                "%s: the adapter says %r: dialect %s", self._shown, self._version, dialect.name
            )
        return dialect

    def _question(self, word: str, seconds: float) -> Asked:
        asked = self._ask(word, seconds)
        self._insist(word)
        return asked

    def _insist(self, word: str) -> None:
        """Raise if this has to be answered in any case, and was not."""
        if self._request.handshake == "require" and word not in self._answered:
            raise self._no_answer(word)

    def _command(self, word: str, dialect: Dialect) -> None:
        """Send a command; its answer must come, or is made sure not to."""
        must = self._must_answer(dialect)
        asked = self._ask(word, self._patience(must=must))
        # Answers come in order: what is not here before this one never comes.
        if asked.is_pending and self._version and self._ask("V", _MUST).is_pending:
            raise self._no_answer("V")
        if asked.outcome is Outcome.REFUSED:
            raise self._refused(asked, dialect)
        if asked.outcome is not Outcome.DONE and must:
            raise self._no_answer(word)

    def _patience(self, *, must: bool) -> float:
        """Seconds to wait: all of them together are less than one."""
        if not self._answered:
            return _FIRST
        return _MUST if must else _GRACE if self._version else _FIRST

    def _must_answer(self, dialect: Dialect) -> bool:
        if self._request.handshake == "require":
            return True
        if dialect.answers is Answers.ALL:
            # One that answers C and did not is not quite what it seems to be.
            is_sure = self._request.dialect is not None or not dialect.answers_close
            if is_sure:
                return True
        return bool(self._answered - set("VvNF"))

    # -- errors -----------------------------------------------------------------------

    def _no_answer(self, word: str) -> CanInitializationError:
        insists = self._request.handshake == "require"
        if self._talk.first_malformed or not (self._answered or insists):
            return self._silence()
        return CanInitializationError(
            f"{self._shown}: the adapter did not answer {word}", hint=_WHY_SILENT
        )

    def _silence(self) -> CanInitializationError:
        bad = self._talk.first_malformed
        if bad:
            return CanInitializationError(
                f"{self._shown}: what comes is no answer of a CAN adapter: {bad[:40]!r}",
                hint="another tty_baudrate=, or no CAN adapter at all",
            )
        return CanInitializationError(
            f"{self._shown}: nothing answers (not to close, version, serial number, bitrate, open)",
            hint=_WHY_SILENT,
        )

    def _refused(self, asked: Asked, dialect: Dialect) -> CanInitializationError:
        word = asked.word
        said = "" if asked.answer == "\a" else f" ({asked.answer})"
        if word[0] in "Ss":
            rate = self._request.rate
            meant = f", {rate.bitrate} bit/s" if rate.bitrate else ""
            hint = f"is it an adapter of dialect {dialect.name}? See dialect=, btr=, bitrate_code="
            return CanInitializationError(
                f"{self._shown}: the adapter refused {word}{meant}{said}", hint=hint
            )
        hint = "switch it off and on"
        if word == commands_for(self._request, dialect)[-1]:
            hint = "give bitrate=: it may need one before it opens"
        return CanInitializationError(f"{self._shown}: the adapter refused {word}{said}", hint=hint)


def commands_for(request: Request, dialect: Dialect) -> list[str]:
    """The commands that set the adapter up; the last one opens its channel.

    Raises:
        CanConfigError: the dialect has no such bitrate.
        CanUnsupportedError: it cannot do something else that was asked for.
    """
    commands: list[str | None] = [*dialect.preparation]
    if request.fd and not dialect.has_fd:
        raise CanUnsupportedError(f"dialect {dialect.name} has no CAN FD", hint="leave fd out")
    commands += [request.rate.command(dialect), request.rate.data_command(dialect)]
    if request.fd and commands[-1] is None:
        raise CanConfigError("fd=True needs a data_bitrate", hint="give data_bitrate=")
    commands.append(filter_command(dialect, request.filters))
    if request.stamps:
        commands.append(_stamp_switch(dialect))
    if request.listen_only:
        commands += _mode("listen-only", dialect.listen_only, dialect)
    elif request.loopback:
        commands += _mode("loopback", dialect.loopback, dialect)
    else:
        commands.append(dialect.open_normal)
    return [word for word in commands if word is not None]


def _stamp_switch(dialect: Dialect) -> str:
    if dialect.stamp is None:
        raise CanUnsupportedError(
            f"dialect {dialect.name} has no time stamps of its own",
            hint='leave timestamping out, or say "host"',
        )
    return dialect.stamp.switch


def _mode(name: str, commands: tuple[str, ...], dialect: Dialect) -> tuple[str, ...]:
    if not commands:
        raise CanUnsupportedError(
            f"dialect {dialect.name} has no {name} mode, or one that has no effect"
        )
    return commands
