"""SocketcanSender: the sending side of SocketcanBus, without its waiting and its receipts.

How a frame is put into the queue is transmitter.py's, how it is confirmed confirmed.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import RLock
from typing import TYPE_CHECKING, cast

from canbus.backends.socketcan.confirmed import ConfirmedSending
from canbus.backends.socketcan.echo import EchoWatch
from canbus.backends.socketcan.inquiries import SocketcanInquiries
from canbus.backends.socketcan.link_watch import LINK_ERRORS, LinkWatch
from canbus.backends.socketcan.os_errors import send_error
from canbus.backends.socketcan.raw_socket import SocketOptions
from canbus.backends.socketcan.transmitter import Transmitter
from canbus.codecs.can_frame import encode_can_frame, pack_classic
from canbus.plugin import CanError, CanOperationError, CanUnsupportedError, Message, deadline_after
from canbus.receipt import SendReceipt

if TYPE_CHECKING:
    from canbus.xl_message import XlMessage


class SocketcanSender(SocketcanInquiries):
    """Sends through a socket; the bus has opened it and set these."""

    _options: SocketOptions
    _link: LinkWatch
    _transmitter: Transmitter
    _confirmed: ConfirmedSending
    _write: Callable[[bytes], int] | None  # None on a bus on all interfaces
    _write_lock: RLock
    _carries_vcid: bool

    def _send_frame(self, msg: Message, timeout: float | None) -> None:
        write = self._write  # no method: looked up quicker on its own
        if msg._flags:
            frame = encode_can_frame(msg)
        else:  # a standard data frame, the usual one
            frame = pack_classic(msg.arbitration_id, msg.dlc, msg._data)
        if write is None:
            self._transmitter.put(frame, msg, deadline_after(timeout))
            return
        try:
            with self._write_lock:
                write(frame)
        except OSError as exc:
            self._transmitter.retry(frame, msg, deadline_after(timeout), exc)

    def _send_frames(self, frames: Sequence[Message], timeout: float | None) -> None:
        self._transmitter.put_many(frames, deadline_after(timeout))

    def _prepare(self, msg: Message) -> Message:
        msg = super()._prepare(msg)
        if msg.is_xl and cast("XlMessage", msg).vcid and not self._carries_vcid:
            raise CanUnsupportedError(
                f"cannot send to a virtual network (vcid) on {self._channels.shown}: this kernel "
                "does not know them",
                hint="Linux 6.12 and later do; or leave vcid at 0",
            )
        return msg

    def _sending_failed(self, exc: OSError, msg: Message) -> Exception | None:
        """The error for a refusal; None if the link is up again, so that it is worth a try."""
        if self._is_shutdown:
            return self._closed()
        fixed = self._channels.fixed
        if exc.errno in LINK_ERRORS and fixed is not None:
            # Where it is up, this was the kernel's telling that it went down, and not its state.
            is_up = self._link.is_up()
            with self._read_lock:
                self._link.note(exc.errno or 0, is_news=is_up)
                self._show_leftovers()
            self._waiter.kick()
            if is_up:
                return None
        if fixed is not None:
            return send_error(exc, fixed, msg, is_open=True)
        with self._place.entered():  # it looks which interfaces there are
            return send_error(exc, str(msg.channel), msg, is_open=False)

    def _send_confirmed(self, msg: Message, timeout: float | None) -> SendReceipt:
        return self._confirmed.send(encode_can_frame(msg), msg, timeout)

    def _send_by(
        self, msg: Message, timeout: float | None, confirm: bool, ttl: float
    ) -> SendReceipt | None:
        return self._confirmed.send_by(encode_can_frame(msg), msg, timeout, confirm, ttl)

    def _open_watch(self) -> EchoWatch:
        self._check_open()
        if self._channels.fixed is None:
            raise CanUnsupportedError(
                "confirm and ttl need a bus on one interface, not on all",
                hint='open it with channel="can0"',
            )
        if not self._options.local_loopback:
            raise CanUnsupportedError(
                f"{self.channel_info}: confirm and ttl see a frame by its loopback",
                hint="leave local_loopback=False out",
            )
        options = self._options
        return EchoWatch(
            self._channels,
            self._watch_closed,
            fd=options.fd,
            xl=options.xl,
            hardware_stamps=options.hardware_stamps,
        )

    def _watch_closed(self) -> CanError:
        if self._is_shutdown:
            return self._closed()
        return CanOperationError(
            f"{self.channel_info}: the bus was opened anew while a frame of it was on its way",
            hint="it may have been sent, and may not",
        )

    def _in_queue(self) -> bool:
        with self._asking("ask the queue of"):
            return self._transmitter.in_queue()

    def flush_tx_buffer(self) -> None:
        """Discard frames that wait for room in other threads' `send`, which raise.

        Raises:
            CanUnsupportedError: frames of this bus are in the kernel's queue: only taking
                the link down drops those.
        """
        self._check_open()
        with self._asking("ask the queue of"):
            self._transmitter.flush()
