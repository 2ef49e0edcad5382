"""Handshake: from an open port to an open CAN channel, with every answer awaited.

Ask who it is, close, set the bitrate, open. An adapter that answers nothing takes no longer
than a second to be named as such; what one has answered once it must answer from then on.

The first word is `V`: half a line of the program before us may be in front of it, and while `C`
is a hex digit that could make a frame of that, `V` cannot. Never an empty line: the firmware of
CANable and CANtact repeats its last line then, which may be a frame.
"""

from __future__ import annotations

from collections.abc import Callable

from canbus.backends.slcan.answers import Asked, Outcome
from canbus.backends.slcan.conversation import Conversation
from canbus.backends.slcan.dialects import (
    CANDAPTER,
    CUSTOM,
    LAWICEL,
    UNKNOWN,
    Answers,
    Dialect,
)
from canbus.backends.slcan.identify import dialect_of
from canbus.backends.slcan.request import Adapter, Request, commands_for
from canbus.logs import logger
from canbus.plugin import (
    CanConfigError,
    CanInitializationError,
    CanUnsupportedError,
    warn,
)

_FIRST = 0.1  # seconds for an adapter of which nothing is known yet
_VERSION = 0.3
_SERIAL_NUMBER = 0.15
_MUST = 0.5  # for an answer that must come
_SLOWEST = 1.0  # for one that has answered a question, through a slow network say
_ACK = "\x06"
_CHANCE = 2  # lines that mean nothing: half a line before ours, a spike when it was plugged in
_GRACE = 0.05  # for one that may come, before it is made sure by a question
_WHY_SILENT = (
    "is this the adapter's port, and tty_baudrate= right? "
    "For an adapter that never answers: handshake='off'"
)


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
        self._malformed_before = talk.malformed

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
        if dialect is None and self._request.handshake == "off" and self._request.listen_only:
            raise CanConfigError(
                f"{self._shown}: how to listen only differs between adapters, and this one is not "
                "asked what it is",
                hint="name its dialect=",
            )
        is_mute = dialect is not None and dialect.answers is Answers.NONE
        if self._request.handshake == "off" or (is_mute and self._request.handshake == "auto"):
            return self._open_blindly(dialect or UNKNOWN)
        self._ask("V", _FIRST)
        self._close()
        dialect = self._identify(dialect)
        try:
            commands = commands_for(self._request, dialect)
        except (CanConfigError, CanUnsupportedError) as exc:
            if not self._answered:
                raise self._silence() from None
            raise type(exc)(f"{self._shown}: {exc}", hint=exc.hint) from None
        self._doubt(dialect)
        self._settle()
        for word in commands[:-1]:
            self._command(word, dialect)
        if self._is_first:
            self._talk.begin()
        self._command(commands[-1], dialect)
        return self._conclude(dialect, commands)

    def _conclude(self, dialect: Dialect, commands: list[str]) -> Adapter:
        """Everything was sent: look once more at what was answered."""
        is_heard = commands[-1][0] in self._answered
        if not self._answered or (not is_heard and self._malformed > _CHANCE):
            raise self._silence()
        for asked in self._asked:  # an answer that came late may be a refusal
            if asked.word in commands and asked.outcome is Outcome.REFUSED:
                raise self._refused(asked, dialect)
        self._talk.forget()
        if self._request.dialect is None and any(asked.answer == _ACK for asked in self._asked):
            dialect = CANDAPTER  # nobody else answers so, and its extended frames are others
        return self._adapter(dialect, commands[-1])

    @property
    def _answered(self) -> set[str]:
        """First letters of the commands that were answered, however late.

        Text of a form that nobody knows, and a serial number, are no answers by themselves: any
        device that talks may send that.
        """
        heard = {asked.word[0] for asked in self._asked if asked.is_answered}
        if self._is_only_text:
            heard.discard("V")
        return heard if heard - {"N"} else set()

    @property
    def _malformed(self) -> int:
        """Lines that meant nothing, of those that came meanwhile."""
        return self._talk.malformed - self._malformed_before

    @property
    def _is_only_text(self) -> bool:
        versions = [asked for asked in self._asked if asked.word == "V" and asked.is_answered]
        return bool(versions) and all(
            asked.is_free_text and dialect_of(asked.text, "") is UNKNOWN for asked in versions
        )

    def _ask(
        self, word: str, seconds: float, is_enough: Callable[[], bool] = lambda: False
    ) -> Asked:
        asked = Asked(word)
        self._asked.append(asked)
        self._talk.ask(word, seconds, asked, is_enough)
        return asked

    def _adapter(self, dialect: Dialect, open_command: str) -> Adapter:
        return Adapter(
            dialect, self._version, self._text_of("N"), frozenset(self._answered), open_command
        )

    def _open_blindly(self, dialect: Dialect) -> Adapter:
        commands = commands_for(self._request, dialect)
        for word in ("V", "C", *commands):
            if word == commands[-1] and self._is_first:
                self._talk.begin()
            self._tell(word)
        return self._adapter(dialect, commands[-1])

    # -- steps ------------------------------------------------------------------------

    def _tell(self, word: str) -> None:
        if not self._talk.tell(word, _MUST):
            raise CanInitializationError(
                f"{self._shown}: nobody reads the line: there was no room for {word}",
                hint="is this the adapter's port? rtscts=True needs the adapter's consent",
            )

    def _close(self) -> None:
        dialect = self._request.dialect
        insists = self._request.handshake == "require"
        may_answer = dialect is None or dialect.answers_close
        # Expected in any case: an answer that nobody expects would be taken for the next one.
        self._ask("C", (_MUST if insists else _FIRST) if may_answer else _GRACE)
        if may_answer and dialect is not None:
            self._insist("C")

    def _identify(self, told: Dialect | None) -> Dialect:
        """Find out who it is; what was told is taken, and compared when all is known."""
        if not self._text_of("V") and (told is None or "V" in told.questions):
            self._ask("V", _VERSION, lambda: bool(self._text_of("V")))
            self._insist("V")
        dialect = told or dialect_of(self._text_of("V"), "")
        if dialect.answers_close or dialect is UNKNOWN:
            self._insist("C")
        if dialect is LAWICEL and told is None:
            self._ask("v", _FIRST)
            dialect = dialect_of(self._text_of("V"), self._text_of("v"))
        if "N" in dialect.questions or dialect is UNKNOWN:
            self._ask("N", _SERIAL_NUMBER)
            self._insist("N")
        if dialect is UNKNOWN:
            dialect = dialect_of(self._text_of("V"), "")  # it may have come late
        self._version = "" if self._is_only_text and not self._answered else self._text_of("V")
        if told is None:
            logger().info(
                "%s: the adapter says %r: dialect %s", self._shown, self._version, dialect.name
            )
        return dialect

    def _doubt(self, dialect: Dialect) -> None:
        """Compare what was told with what the adapter says, where that is beyond doubt."""
        said = dialect_of(self._version, "")
        if said in (UNKNOWN, LAWICEL, dialect) or dialect is CUSTOM:
            return
        what = f"{self._shown}: the adapter says {self._version!r}, which is dialect {said.name}"
        bitrate = self._request.rate.bitrate
        if bitrate is not None and said.bitrates.get(bitrate) != dialect.bitrates.get(bitrate):
            raise CanConfigError(
                f"{what}, and has another command for {bitrate} bit/s than {dialect.name}",
                hint="leave dialect out; or give bitrate_code=, if you are sure",
            )
        warn(f"{what}, not {dialect.name}")

    def _text_of(self, word: str) -> str:
        """What was answered to a question, however late; "" if nothing was."""
        return next((asked.text for asked in self._asked if asked.word == word and asked.text), "")

    def _settle(self) -> None:
        """Wait until nothing is under way: CR and BEL do not say what they answer."""
        if self._version and any(asked.is_pending for asked in self._asked):
            self._ask("V", _SLOWEST)
        self._talk.forget()

    def _insist(self, word: str) -> None:
        """Raise if this has to be answered in any case, and was not."""
        heard = {asked.word for asked in self._asked if asked.is_answered}
        if self._request.handshake == "require" and word not in heard:
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
        if self._request.handshake == "require" or (
            dialect is UNKNOWN and self._request.listen_only
        ):
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
        if self._malformed or not (self._answered or insists):
            return self._silence()
        return CanInitializationError(
            f"{self._shown}: the adapter did not answer {word}", hint=_WHY_SILENT
        )

    def _silence(self) -> CanInitializationError:
        texts = [asked.answer.encode() for asked in self._asked if asked.is_free_text]
        bad = self._talk.first_malformed if self._malformed else b" ".join(texts[:1])
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
        hint = f"is it an adapter of dialect {dialect.name}? See dialect="
        if word[0] == "Y":
            hint = f"data bitrates of dialect {dialect.name}: {sorted(dialect.data_bitrates)}"
        elif word == commands_for(self._request, dialect)[-1]:
            has_rate = self._request.rate.command(dialect) is not None
            hint = "switch it off and on" if has_rate else "give bitrate=: it needs one to open"
        return CanInitializationError(f"{self._shown}: the adapter refused {word}{said}", hint=hint)
