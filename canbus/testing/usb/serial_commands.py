"""What may be asked of a running serial adapter, beyond what may be asked of any.

No sockets: control.py brings the requests and takes the answers away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from canbus.errors import CanConfigError
from canbus.testing.slcan.fault_text import FAULTS, parse_fault
from canbus.testing.slcan.fault_values import KINDS, unpack_fault
from canbus.testing.slcan.faults import Fault
from canbus.testing.usb.cdc_acm import CdcAcm
from canbus.testing.usb.commands import Commands, Later
from canbus.testing.usb.emulator import Emulator
from canbus.testing.usb.node import Fault as WireFault


class SerialCommands(Commands):
    """The commands: every public method is one.

    Args:
        emulator: what they act on.
        adapter: what it emulates.
    """

    def __init__(self, emulator: Emulator, adapter: CdcAcm) -> None:
        super().__init__(emulator)
        self._serial = adapter

    def fault(self, kind: str | dict[str, Any], channel: int = 0) -> None:
        """Break the wire or the adapter; `none` mends both."""
        if isinstance(kind, str) and kind in {fault.value for fault in WireFault}:
            super().fault(kind, channel)
            if kind == WireFault.NONE.value:
                self.clear_faults()
            return
        self._node(channel)
        if isinstance(kind, str) and kind.partition(":")[0] not in FAULTS:
            known = ", ".join([*(fault.value for fault in WireFault), *FAULTS])
            raise CanConfigError(f"unknown fault {kind!r}", hint=f"known: {known}")
        fault = parse_fault(kind) if isinstance(kind, str) else unpack_fault(kind)
        self._serial.faults.add([fault])
        self._serial.faults_changed()

    def clear_faults(self, kinds: Sequence[str] = ()) -> None:
        """Mend the adapter, or only faults of these kinds; the wire is as it was."""
        self._serial.faults.clear(tuple(KINDS[kind] for kind in kinds) or (Fault,))
        self._serial.faults_changed()

    def status(self, flags: int) -> None:
        """Set what the command `F` shows."""
        self._serial.slcan.status = int(flags)

    def write(self, data: str) -> None:
        """Send bytes to the host, given as hexadecimal text."""
        self._serial.talk.put(bytes.fromhex(data))

    def commands(self, since: int = 0) -> list[str]:
        """The lines that the host has sent, from a number on, as Latin-1."""
        return [line.decode("latin-1") for line in self._serial.talk.commands[since:]]

    def wait_for_command(self, line: str, timeout: float) -> Later:
        """Answer whether the host has sent this line, as soon as it has."""
        lines, wanted = self._serial.talk.commands, line.encode("latin-1")
        return _when(lambda: wanted in lines, timeout)

    def wait_until_unplugged(self, timeout: float) -> Later:
        """Answer whether the cable was pulled, as soon as it was."""
        return _when(lambda: self._emulator.port is None, timeout)

    def forget_sent(self) -> None:
        """Empty the records of frames that went out, and of lines of the host."""
        super().forget_sent()
        self._serial.talk.commands.clear()


def _when(done: Callable[[], bool], timeout: float) -> Later:
    return Later(done, time.monotonic() + timeout, done)
