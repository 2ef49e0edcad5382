"""An emulated serial adapter as a Python object: the user's handle, for as long as it lives.

What it does is in adapter.py, what runs it in engine.py.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import NamedTuple, Self

from canbus.bus import BusABC
from canbus.errors import CanClosedError, CanError, CanTimeoutError, CanUnsupportedError
from canbus.message import Message
from canbus.testing.slcan.adapter import SlcanAdapter
from canbus.testing.slcan.engine import Engine
from canbus.testing.slcan.fault_text import parse_fault
from canbus.testing.slcan.faults import Fault
from canbus.testing.slcan.faulty import Faulty
from canbus.testing.slcan.firmware import Firmware

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
        sent: frames that the host has sent.
        pending_bytes: that wait to be written to the host now.
    """

    read_bytes: int
    written_bytes: int
    discarded_bytes: int
    overflowed: int
    unheard: int
    sent: int
    pending_bytes: int


class SlcanEmulator:
    """A serial CAN adapter on a pseudo-terminal. Linux only.

    A context manager: it is plugged in when the block is entered, and gone when it is left.
    All methods may be called from any thread; every one but `close` raises CanClosedError
    outside of the block.

    Args:
        dialect: its firmware, or the name of one of
            `canbus.testing.slcan.firmwares.FIRMWARES`: those of the backend's dialects, and more.
        bus: an open bus that it hangs on: frames that the host sends go out there, and what
            comes from there goes to the host. It is not closed here. When it fails, see
            `bus_error`.
        link: path of a symbolic link to the port, so that a host finds it under the same name
            when it was unplugged and plugged in again. Not there while it is unplugged.
        version: the answer to `V`, without its CR.
        firmware: the answer to `v`.
        serial: the answer to `N`.
        clock: nanoseconds, rising, for time stamps of the adapter.
        buffer: bytes that the adapter holds for a host that does not read, beside what the
            pseudo-terminal does (some 20 KiB). A line that comes then is lost, and counted.
        trace: called with "<" and each line that the host sends, and with ">" and each answer
            or frame for it; from a thread of the emulator, so it must be quick.

    Raises:
        CanConfigError: a ValueError; there is no such firmware.
        CanUnsupportedError: this is not Linux.
    """

    def __init__(
        self,
        dialect: Firmware | str = "lawicel",
        *,
        bus: BusABC | None = None,
        link: str | None = None,
        version: str | None = None,
        firmware: str | None = None,
        serial: str | None = None,
        clock: Callable[[], int] = time.monotonic_ns,
        buffer: int = 65536,
        trace: Callable[[str, bytes], object] | None = None,
    ) -> None:
        if sys.platform != "linux":
            raise CanUnsupportedError(
                "emulated serial adapters need Linux", hint="use a virtual machine or a container"
            )
        self._adapter = SlcanAdapter(
            dialect, version=version, firmware=firmware, serial=serial, clock=clock
        )
        self._faults = Faulty()
        self._engine = Engine(self._adapter, self._faults, buffer, bus)
        self._engine.trace = trace
        self._changed = self._engine.changed
        self._link = link
        self._port = ""
        self._is_alive = False
        self._is_over = False

    # -- life -------------------------------------------------------------------------

    def __enter__(self) -> Self:
        if self._is_alive or self._is_over:
            raise CanClosedError(
                "an emulated adapter can be entered once", hint="make a new SlcanEmulator"
            )
        self._engine.start()
        self._is_alive = True
        try:
            self.plug()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Unplug it for good; leaving the block does that. Calling it twice does no harm."""
        with self._changed:
            if not self._is_alive:
                return
            self._is_alive = False
            self._is_over = True
        self._engine.stop()

    def _check(self) -> None:
        if not self._is_alive:
            raise CanClosedError(
                "the emulated adapter is not there", hint="use it within `with SlcanEmulator()`"
            )

    # -- plugging ---------------------------------------------------------------------

    @property
    def port(self) -> str:
        """Path for the host to open: `link`, or the pseudo-terminal of the last `plug`."""
        return self._port

    @property
    def is_plugged(self) -> bool:
        """It is plugged in."""
        with self._changed:
            return self._engine.terminal is not None

    def plug(self) -> str:
        """Plug it in, if it is not; it was switched off, and has forgotten what it was told.

        Returns:
            `port`. A new one, unless there is a `link`.

        Raises:
            CanConfigError: a ValueError; at `link` there is something that is no link.
            CanInitializationError: there is no pseudo-terminal left, or no link can be made.
        """
        with self._changed:
            self._check()
            if self._engine.terminal is None:
                self._port = self._engine.plug(self._link).port
            return self._port

    def unplug(self) -> None:
        """Pull the cable: the host reads its end of file at once, what it has not read is lost."""
        with self._changed:
            self._check()
            self._engine.unplug()

    # -- faults -----------------------------------------------------------------------

    def fault(self, *faults: Fault | str) -> None:
        """Break something, in addition to what is broken already.

        Args:
            faults: values of `canbus.testing.slcan.faults`, or their names as `canbus emulate
                slcan --fault` takes them: "silent", "refuse:S,O", "split:1".

        Raises:
            CanConfigError: a ValueError; there is no such fault.
        """
        parsed = [parse_fault(fault) if isinstance(fault, str) else fault for fault in faults]
        with self._changed:
            self._check()
            self._faults.add(parsed)
            self._engine.kick()

    def clear_faults(self, *kinds: type[Fault]) -> None:
        """Mend everything, or only faults of these kinds."""
        with self._changed:
            self._check()
            self._faults.clear(kinds or (Fault,))
            self._engine.kick()

    def status(self, flags: int) -> None:
        """Set what `F` shows, 0..255: 0x04 is error warning, 0x20 error passive, 0x80 bus error."""
        with self._changed:
            self._check()
            self._adapter.status = flags

    # -- the wire ---------------------------------------------------------------------

    def arrive(self, *frames: Message | str) -> None:
        """Let frames arrive from the wire, as if other nodes had sent them.

        Args:
            frames: frames, or such in the notation of can-utils: "123#DEAD".

        Raises:
            CanMessageError: a ValueError; the text is no frame.
        """
        parsed = [Message.parse(frame) if isinstance(frame, str) else frame for frame in frames]
        with self._changed:
            self._check()
            for msg in parsed:
                self._adapter.arrive(msg)
            self._engine.kick()

    def write(self, data: bytes) -> None:
        """Send bytes to the host, as if the adapter did; no fault changes them."""
        with self._changed:
            self._check()
            self._engine.outbox.put(data)
            self._engine.kick()

    # -- what the host did ------------------------------------------------------------

    @property
    def sent(self) -> list[Message]:
        """The frames that the host has sent and the adapter has taken, oldest first."""
        with self._changed:
            return list(self._engine.sent)

    @property
    def commands(self) -> list[bytes]:
        """The lines that the host has sent, without CR, oldest first; frames are among them."""
        with self._changed:
            return list(self._engine.commands)

    def forget(self) -> None:
        """Empty what `sent` and `commands` show."""
        with self._changed:
            self._engine.sent.clear()
            self._engine.commands.clear()

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

    def wait_for_command(self, line: bytes, timeout: float = PATIENCE) -> None:
        """Wait until the host has sent this line, without CR; also if it was long ago.

        Raises:
            CanTimeoutError: it has not, after `timeout` seconds.
        """
        self._wait(
            lambda: line in self._engine.commands,
            timeout,
            lambda: f"the command {line!r}: there were {self._engine.commands[-20:]}",
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
            lambda: not self._engine.outbox.size,
            timeout,
            lambda: f"the host: {self._engine.outbox.size} bytes are left",
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
                engine.read_bytes,
                engine.written_bytes,
                engine.discarded_bytes,
                engine.outbox.overflowed,
                self._adapter.unheard,
                len(engine.sent),
                engine.outbox.size,
            )
