"""An emulated serial adapter as a Python object: the user's handle, for as long as it lives.

What it has seen is in observed.py, what it does in adapter.py, what runs it in engine.py.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Self

from canbus.bus import BusABC
from canbus.errors import CanClosedError, CanUnsupportedError
from canbus.message import Message
from canbus.testing.slcan.adapter import SlcanAdapter
from canbus.testing.slcan.fault_text import parse_fault
from canbus.testing.slcan.faults import Fault
from canbus.testing.slcan.faulty import Faulty
from canbus.testing.slcan.firmware import Firmware
from canbus.testing.slcan.observed import Observed


class SlcanEmulator(Observed):
    """A serial CAN adapter on a pseudo-terminal. Linux only.

    A context manager: it is plugged in when the block is entered, and gone when it is left.
    All methods may be called from any thread. Outside of the block, what acts or waits raises
    CanClosedError; what was seen can still be looked at.

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
        from canbus.testing.slcan.engine import Engine  # what it imports is only there on Linux

        self._engine = Engine(self._adapter, self._faults, buffer, bus)
        self._engine.talk.trace = trace
        self._changed = self._engine.changed
        self._link = link
        self._port = ""
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
            self._adapter.hear(self._faults.is_heard)
            self._engine.kick()

    def clear_faults(self, *kinds: type[Fault]) -> None:
        """Mend everything, or only faults of these kinds."""
        with self._changed:
            self._check()
            self._faults.clear(kinds or (Fault,))
            self._adapter.hear(self._faults.is_heard)
            self._changed.notify_all()
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
            self._engine.talk.put(data)
            self._engine.kick()
