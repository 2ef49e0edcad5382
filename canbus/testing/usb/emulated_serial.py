"""An emulated serial adapter on USB as a Python object: what it has that others have not.

Its serial port is asked of the kernel (vhci.py), everything else of the process that runs the
adapter (serial_commands.py).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from canbus.errors import CanOperationError, CanTimeoutError
from canbus.testing.slcan.fault_values import pack_fault
from canbus.testing.slcan.faults import Fault
from canbus.testing.usb import vhci
from canbus.testing.usb.emulated import PATIENCE, EmulatedAdapter

_DEV = Path("/dev")


class EmulatedSerialAdapter(EmulatedAdapter):
    """An emulated adapter with a serial port instead of network interfaces. Made by `emulate`."""

    _what = "serial ports"

    # -- plugging ---------------------------------------------------------------------

    @property
    def tty(self) -> str:
        """Path of its serial port, as it is now: "/dev/ttyACM0"; waits for one that is coming.

        Plugged in again it may have another number: the old one is taken for as long as somebody
        has it open.

        Raises:
            CanOperationError: it is unplugged.
            CanTimeoutError: no driver has made a serial port of it.
        """
        if self._port is None:
            raise CanOperationError(
                "the emulated adapter is unplugged, and has no serial port", hint="plug() it in"
            )
        found: tuple[str, ...] = ()

        def has_appeared() -> bool:
            nonlocal found
            found = self._find()
            return bool(found)

        if not vhci.wait_for_devices(has_appeared, PATIENCE):
            raise CanTimeoutError(
                f"the emulated adapter in port {self._port} of vhci-hcd has no serial port "
                f"after {PATIENCE} s",
                hint="modprobe cdc-acm; what the driver says is in dmesg",
            )
        return found[0]

    def _find(self) -> tuple[str, ...]:
        paths = () if self._port is None else vhci.terminals(self._port)
        nodes = [_DEV / path.name for path in paths]
        return tuple(str(node) for node in nodes if node.exists())

    def departure(self) -> Callable[[], bool]:
        """Return what tells whether the serial port that is there now is gone."""
        paths = () if self._port is None else vhci.terminals(self._port)
        return lambda: not any(path.exists() for path in paths)

    # -- faults -----------------------------------------------------------------------

    def fault(self, kind: Fault | str, channel: int = 0) -> None:
        """Break the wire or the adapter, in addition to what is broken already.

        Args:
            kind: `noack`, `short`: the wire, as with any adapter. A value of
                `canbus.testing.slcan.faults` or its text ("silent", "refuse:S7", "split:1"): the
                adapter. `none` mends both.
            channel: 0.

        Raises:
            CanConfigError: a ValueError; there is no such fault.
        """
        packed = kind if isinstance(kind, str) else pack_fault(kind)
        self._client.ask("fault", kind=packed, channel=channel)

    def clear_faults(self, *kinds: type[Fault]) -> None:
        """Mend the adapter, or only faults of these kinds; the wire stays as it is."""
        self._client.ask("clear_faults", kinds=[kind.__name__ for kind in kinds])

    def status(self, flags: int) -> None:
        """Set what `F` shows, 0..255, until the state of the controller changes."""
        self._client.ask("status", flags=flags)

    def write(self, data: bytes) -> None:
        """Send bytes to the host, as if the adapter did; no fault changes them."""
        self._client.ask("write", data=data.hex())

    def wait_until_unplugged(self, timeout: float = PATIENCE) -> None:
        """Wait until the cable was pulled by the fault `UnplugAfter`, and the serial port is gone.

        Raises:
            CanTimeoutError: it was not, after `timeout` seconds.
        """
        gone = self.departure()
        if not self._client.ask("wait_until_unplugged", patience=timeout, timeout=timeout):
            raise CanTimeoutError(f"the cable was not pulled in {timeout} s")
        self._port = None
        if not vhci.wait_for_devices(gone, timeout):
            raise CanTimeoutError(
                f"the serial port of the adapter is still there after {timeout} s"
            )

    # -- what the host did ------------------------------------------------------------

    @property
    def commands(self) -> list[bytes]:
        """The lines that the host has sent, without CR, oldest first; frames are among them.

        `forget_sent` empties this record, too.
        """
        return [line.encode("latin-1") for line in self._client.ask("commands")]

    def wait_for_command(self, line: bytes, timeout: float = PATIENCE) -> None:
        """Wait until the host has sent this line, without CR; also if it was long ago.

        Raises:
            CanTimeoutError: it has not, after `timeout` seconds.
        """
        text = line.decode("latin-1")
        came = self._client.ask("wait_for_command", patience=timeout, line=text, timeout=timeout)
        if not came:
            raise CanTimeoutError(
                f"the command {line!r} did not come in {timeout} s, but {self.commands[-20:]}"
            )
