"""A USB device as the host sees it: standard requests, and a queue for each endpoint.

Takes USB/IP bytes and leaves USB/IP bytes in `outgoing`; no sockets, and no CAN. What the
vendor's requests and the bulk data mean is for subclasses.
"""

from __future__ import annotations

from collections import defaultdict, deque
from struct import unpack
from typing import NamedTuple

from canbus.testing.usb import usbip
from canbus.testing.usb.descriptors import Identity

_TYPE_MASK = 0x60  # bmRequestType: standard, class or vendor
_GET_STATUS, _GET_DESCRIPTOR, _GET_CONFIGURATION, _GET_INTERFACE = 0, 6, 8, 10
_STANDARD_ANSWERS = {_GET_STATUS: b"\0\0", _GET_CONFIGURATION: b"\1", _GET_INTERFACE: b"\0"}


class Request(NamedTuple):
    """The setup packet of a control transfer (USB 2.0, 9.3), and the data that came with it."""

    type: int
    request: int
    value: int
    where: int
    length: int
    data: bytes


class UsbDevice:
    """A device with control endpoint 0 and bulk endpoints.

    Args:
        identity: what it says of itself.

    Attributes:
        outgoing: bytes for the host; whoever owns the connection sends and clears them.
    """

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.outgoing = bytearray()
        self.reset()

    def reset(self) -> None:
        """Forget the host: the cable was pulled."""
        self.outgoing.clear()
        self._parser = usbip.Parser()
        self._asking: defaultdict[int, deque[usbip.Submit]] = defaultdict(deque)
        self._ready: defaultdict[int, deque[bytes]] = defaultdict(deque)
        self._held: defaultdict[int, deque[usbip.Submit]] = defaultdict(deque)

    def receive(self, data: bytes) -> None:
        """Take bytes from the host.

        Raises:
            CanProtocolError: a ValueError; they are not USB/IP.
        """
        for command in self._parser.feed(data):
            if isinstance(command, usbip.Unlink):
                self._unlink(command)
            elif command.endpoint == 0:
                self._control(command)
            elif command.is_in:
                self._asking[command.endpoint].append(command)
                self._match(command.endpoint)
            else:
                self._held[command.endpoint].append(command)
                self.retry_out(command.endpoint)

    # -- for subclasses ---------------------------------------------------------------

    def vendor_request(self, request: Request) -> bytes | None:
        """Answer a request that is not a standard one; None stalls, b"" is done."""
        return b""

    def bulk_out(self, endpoint: int, data: bytes) -> bool:
        """Take data from the host; False if there is no room (NAK): see `retry_out`."""
        return True

    def bulk_in(self, endpoint: int, data: bytes) -> None:
        """Send data to the host as soon as it asks."""
        self._ready[endpoint].append(data)
        self._match(endpoint)

    def asked_in(self, endpoint: int) -> int:
        """Bytes that the host has room for; 0 while it does not ask."""
        asking = self._asking[endpoint]
        return asking[0].length if asking else 0

    def forget_in(self, endpoint: int) -> None:
        """Drop the data that the host has not asked for."""
        self._ready[endpoint].clear()

    def retry_out(self, endpoint: int) -> None:
        """Offer the data that was refused once more, in order."""
        held = self._held[endpoint]
        while held:
            transfer = held.popleft()  # first: `bulk_out` may come back here
            if not self.bulk_out(endpoint, transfer.data):
                held.appendleft(transfer)
                return
            self.outgoing += usbip.answer_submit(transfer.seqnum, 0, length=len(transfer.data))

    # -- the host's side --------------------------------------------------------------

    def _match(self, endpoint: int) -> None:
        asking, ready = self._asking[endpoint], self._ready[endpoint]
        while asking and ready:
            transfer = asking.popleft()
            data = ready.popleft()[: transfer.length]
            self.outgoing += usbip.answer_submit(transfer.seqnum, 0, data)

    def _unlink(self, command: usbip.Unlink) -> None:
        status = 0
        for queues in (self._asking, self._held):
            for queue in queues.values():
                for transfer in queue:
                    if transfer.seqnum == command.victim:
                        queue.remove(transfer)
                        status = usbip.ECONNRESET
                        break
        self.outgoing += usbip.answer_unlink(command.seqnum, status)

    def _control(self, command: usbip.Submit) -> None:
        request = Request._make((*unpack("<BBHHH", command.setup), command.data))
        standard = request.type & _TYPE_MASK == 0
        answer = self._standard(request) if standard else self.vendor_request(request)
        if answer is None:
            self.outgoing += usbip.answer_submit(command.seqnum, usbip.EPIPE)
        elif command.is_in:
            self.outgoing += usbip.answer_submit(command.seqnum, 0, answer[: request.length])
        else:
            self.outgoing += usbip.answer_submit(command.seqnum, 0, length=len(command.data))

    def _standard(self, request: Request) -> bytes | None:
        if request.request == _GET_DESCRIPTOR:
            return self.identity.descriptor(request.value >> 8, request.value & 0xFF)
        return _STANDARD_ANSWERS.get(request.request, b"")  # SET_CONFIGURATION and the like
