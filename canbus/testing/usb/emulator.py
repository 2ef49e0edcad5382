"""The event loop of an emulated adapter: the kernel, the CAN interface that is its wire, control.

Sockets and time; what the bytes mean is for the adapter, what may be asked of it for
commands.py.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
from collections.abc import Callable

from canbus.codecs.can_frame import CANFD_MTU, decode_can_frame, encode_can_frame
from canbus.errors import CanChannelNotFoundError, CanKernelSupportError, CanProtocolError
from canbus.message import Message
from canbus.testing.usb import vhci
from canbus.testing.usb.adapter import CanAdapter

NS = 10**9
_AT_ONCE = 256  # frames taken from the wire before others have their turn
_SOL_CAN_RAW, _CAN_RAW_FD_FRAMES = 101, 5  # <linux/can/raw.h>
_SO_RCVBUFFORCE = 33


class Emulator:
    """An adapter, plugged in or not.

    Args:
        adapter: what is emulated.

    Attributes:
        adapter: as given.
        port: of vhci-hcd; None while unplugged.
        lost: frames that the interface of the wire did not take.
        ending: set it to end `run`.
        after: called after every turn of the loop; returns the time of `time.monotonic()` at
            which it wants to be called again, or None.
    """

    def __init__(self, adapter: CanAdapter) -> None:
        self.adapter = adapter
        self.port: int | None = None
        self.lost = 0
        self.ending = False
        self.after: Callable[[], float | None] = lambda: None
        self._selector = selectors.DefaultSelector()
        self._watched: set[socket.socket] = set()
        self._usb: socket.socket | None = None
        self._wire: socket.socket | None = None

    def join(self, name: str) -> None:
        """Make a CAN interface the other end of the wire; once.

        Raises:
            CanChannelNotFoundError: there is no such interface, or it is not for CAN.
            CanKernelSupportError: this kernel has no CAN sockets.
        """
        self._wire = _open_wire(name)
        self.adapter.wire.outside = self._to_wire
        self.watch(self._wire, self._from_wire)

    # -- plugging ---------------------------------------------------------------------

    def plug(self) -> int:
        """Plug the adapter in, if it is not, and return the port.

        Raises:
            CanInitializationError: the kernel does not take it.
        """
        if self.port is None:
            ours, theirs = socket.socketpair()
            with theirs:
                ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
                try:
                    self.port = vhci.attach(theirs.fileno(), self.adapter.speed)
                except BaseException:
                    ours.close()
                    raise
            self._usb = ours
            self.watch(ours, self._from_kernel)
        return self.port

    def unplug(self) -> None:
        """Pull the cable: the kernel sees the connection end, and disconnects the device."""
        if self._usb is not None:
            self.ignore(self._usb)
            self._usb.close()
        self._usb = self.port = None
        self.adapter.reset()

    # -- the loop ---------------------------------------------------------------------

    def watch(self, source: socket.socket, ready: Callable[[], None]) -> None:
        """Call `ready` whenever there is something to read; the end of `run` closes it."""
        self._selector.register(source, selectors.EVENT_READ, ready)
        self._watched.add(source)

    def ignore(self, source: socket.socket) -> None:
        """Stop watching."""
        self._selector.unregister(source)
        self._watched.remove(source)

    def run(self) -> None:
        """Serve until `ending`, then unplug."""
        timeout: float | None = 0.0
        try:
            while not self.ending:
                for key, _ in self._selector.select(timeout):
                    key.data()
                timeout = self._turn()
        finally:
            self.unplug()
            for source in self._watched:
                source.close()
            self._selector.close()

    def _turn(self) -> float | None:
        """Do what is due; return the seconds until something will be."""
        wire = self.adapter.wire
        wire.run()
        times = [due / NS for due in (self.adapter.tick(), wire.deadline_ns) if due is not None]
        self._flush()
        if self.adapter.is_leaving:
            self.unplug()
        again = self.after()
        if again is not None:
            times.append(again)
        return max(0.0, min(times) - wire.clock() / NS) if times else None

    def _flush(self) -> None:
        if self._usb is not None and self.adapter.outgoing:
            try:
                self._usb.sendall(self.adapter.outgoing)
            except OSError:
                self.unplug()  # the kernel let go of it (rmmod vhci-hcd, detach)
        self.adapter.outgoing.clear()

    def _from_kernel(self) -> None:
        if self._usb is None:
            return  # unplugged in this turn
        data = b""
        with contextlib.suppress(OSError):
            data = self._usb.recv(1 << 16)
        if not data:
            self.unplug()
            return
        self.adapter.receive(data)

    def _from_wire(self) -> None:
        if self._wire is None:
            return
        for _ in range(_AT_ONCE):
            try:
                frame = self._wire.recv(CANFD_MTU)
            except BlockingIOError:
                return
            except OSError:
                continue  # it went down or came up: said once
            with contextlib.suppress(CanProtocolError):  # not classic, not FD: CAN XL
                self.adapter.wire.arrive(decode_can_frame(frame))

    def _to_wire(self, msg: Message) -> None:
        if self._wire is None:
            return
        try:
            self._wire.send(encode_can_frame(msg))
        except OSError:
            self.lost += 1


def _open_wire(name: str) -> socket.socket:
    try:
        wire = socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW)
    except OSError as exc:
        raise CanKernelSupportError(
            f"the CAN interface {name!r} cannot be the wire: {exc.strerror}",
            exc.errno,
            hint="modprobe can-raw",
        ) from exc
    try:
        wire.setsockopt(_SOL_CAN_RAW, _CAN_RAW_FD_FRAMES, 1)
        wire.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 1 << 23)
        wire.setblocking(False)
        wire.bind((name,))
    except OSError as exc:
        wire.close()
        raise CanChannelNotFoundError(
            f"the CAN interface {name!r} cannot be the wire: {exc.strerror}",
            exc.errno,
            hint=f"create it first: ip link add dev {name} type vcan; ip link set {name} up",
        ) from exc
    return wire
