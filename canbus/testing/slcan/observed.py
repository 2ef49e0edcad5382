"""What an emulated adapter has seen and how it is: the half of the handle that only looks.

Nothing here changes anything; that is in emulated.py.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from canbus.errors import CanClosedError, CanError, CanTimeoutError
from canbus.message import Message
from canbus.testing.slcan.adapter import SlcanAdapter

if TYPE_CHECKING:
    from canbus.testing.slcan.engine import Engine

PATIENCE = 10.0
"""Seconds that `wait_for_...` wait, if nothing else is said."""


class Counters(NamedTuple):
    """What went through an emulated adapter since it was made.

    Attributes:
        read_bytes: from the host.
        written_bytes: to the host.
        discarded_bytes: for the host, while nobody had the port open.
        overflowed: lines for the host that were lost because it did not read.
        unheard: frames from the wire that came while the channel was closed, or that the
            dialect has no line for.
        sent: frames that the host has sent, and that went out.
        pending: frames that wait to go out, because nobody acknowledges.
        unacknowledged: frames that were lost because nobody did.
        pending_bytes: that wait to be written to the host now.
    """

    read_bytes: int
    written_bytes: int
    discarded_bytes: int
    overflowed: int
    unheard: int
    sent: int
    pending: int
    unacknowledged: int
    pending_bytes: int


class Observed:
    """What an emulated adapter has seen; see SlcanEmulator."""

    _adapter: SlcanAdapter
    _engine: Engine
    _changed: threading.Condition
    _is_alive = False

    def _check(self) -> None:
        if not self._is_alive:
            raise CanClosedError(
                "the emulated adapter is not there", hint="use it within `with SlcanEmulator()`"
            )

    # -- what the host did ------------------------------------------------------------

    @property
    def sent(self) -> list[Message]:
        """The frames that the host has sent and that went out on the wire, oldest first."""
        with self._changed:
            return list(self._engine.sent)

    @property
    def commands(self) -> list[bytes]:
        """The lines that the host has sent, without CR, oldest first; frames are among them."""
        with self._changed:
            return list(self._engine.talk.commands)

    def forget(self) -> None:
        """Empty what `sent` and `commands` show."""
        with self._changed:
            self._engine.sent.clear()
            self._engine.talk.commands.clear()

    def wait_for_sent(self, count: int, timeout: float = PATIENCE) -> list[Message]:
        """Wait until the host has sent so many frames.

        Args:
            count: of all frames since the start, or since `forget`.
            timeout: seconds.

        Returns:
            What `sent` is then.

        Raises:
            CanTimeoutError: it has sent fewer.
        """
        self._wait(
            lambda: len(self._engine.sent) >= count,
            timeout,
            lambda: f"{count} frames: there are {len(self._engine.sent)}",
        )
        return self.sent

    def wait_for_pending(self, count: int, timeout: float = PATIENCE) -> None:
        """Wait until so many frames of the host wait in the adapter, because nobody acknowledges.

        Raises:
            CanTimeoutError: there are fewer after `timeout` seconds.
        """
        pending = self._adapter.transmitter.pending
        self._wait(
            lambda: len(pending) >= count,
            timeout,
            lambda: f"{count} frames that wait: there are {len(pending)}",
        )

    def wait_for_command(self, line: bytes, timeout: float = PATIENCE) -> None:
        """Wait until the host has sent this line, without CR; also if it was long ago.

        Raises:
            CanTimeoutError: it has not, after `timeout` seconds.
        """
        self._wait(
            lambda: line in self._engine.talk.commands,
            timeout,
            lambda: f"the command {line!r}: there were {self._engine.talk.commands[-20:]}",
        )

    def wait_until_unplugged(self, timeout: float = PATIENCE) -> None:
        """Wait until the cable was pulled, by the fault `UnplugAfter`.

        Raises:
            CanTimeoutError: it was not, after `timeout` seconds.
        """
        self._wait(lambda: self._engine.terminal is None, timeout, lambda: "the cable to be pulled")

    def wait_until_written(self, timeout: float = PATIENCE) -> None:
        """Wait until everything that is for the host was handed to its side of the terminal.

        Raises:
            CanTimeoutError: it was not, after `timeout` seconds: the host does not read.
        """
        self._wait(
            lambda: not self._engine.talk.outbox.size,
            timeout,
            lambda: f"the host: {self._engine.talk.outbox.size} bytes are left",
        )

    def wait_for_bus_error(self, timeout: float | None = None) -> CanError:
        """Wait until the bus fails that the adapter hangs on.

        Raises:
            CanTimeoutError: it has not, after `timeout` seconds; None waits for ever.
        """
        errors: list[CanError] = []

        def look() -> bool:
            errors.extend([self._engine.bus_error] if self._engine.bus_error else [])
            return bool(errors)

        self._wait(look, timeout, lambda: "an error of the bus")
        return errors[0]

    def _wait(
        self, done: Callable[[], bool], timeout: float | None, what: Callable[[], str]
    ) -> None:
        with self._changed:
            self._check()
            over = self._changed.wait_for(lambda: done() or not self._is_alive, timeout)
            if not over:
                raise CanTimeoutError(f"waited {timeout} s in vain for {what()}")
            if not done():
                self._check()

    # -- its state --------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """The host has opened the channel (`O`, `L`); not whether it has opened the port."""
        with self._changed:
            return self._adapter.is_open

    @property
    def baudrate(self) -> int | None:
        """Bit/s of the line that the host has set, which changes nothing.

        None: it is unplugged, or that is a number which POSIX has no name for.
        """
        with self._changed:
            terminal = self._engine.terminal
            return None if terminal is None else terminal.baudrate()

    @property
    def adapter(self) -> SlcanAdapter:
        """The state of the protocol: `mode`, `bitrate`, `acceptance`... Read it, no more."""
        return self._adapter

    @property
    def bus_error(self) -> CanError | None:
        """What `bus` failed with, first; it is not listened to any more. None: it did not."""
        with self._changed:
            return self._engine.bus_error

    @property
    def counters(self) -> Counters:
        """What went through, and what was lost."""
        engine = self._engine
        with self._changed:
            return Counters(
                engine.talk.read_bytes,
                engine.talk.written_bytes,
                engine.talk.discarded_bytes,
                engine.talk.outbox.overflowed,
                self._adapter.unheard,
                len(engine.sent),
                len(self._adapter.transmitter.pending),
                self._adapter.transmitter.lost,
                engine.talk.outbox.size,
            )
