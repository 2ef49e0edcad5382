"""Transmitter: puts frames into the kernel's queue by a deadline, in order, and honestly.

What a refusal means is os_errors.py's, how long to wait between tries tx_queue.py's.
"""

from __future__ import annotations

import errno
import struct
import threading
from collections.abc import Callable, Sequence

from canbus.backends.socketcan import constants as c
from canbus.backends.socketcan.batch_writer import MAX_BATCH
from canbus.backends.socketcan.channels import Channels
from canbus.backends.socketcan.link_watch import LINK_ERRORS
from canbus.backends.socketcan.os_errors import channel_name
from canbus.backends.socketcan.raw_socket import RawSocket
from canbus.backends.socketcan.transport import make_writer
from canbus.backends.socketcan.tx_queue import FULL, Patience, tell_waiting
from canbus.codecs.can_frame import encode_can_frame
from canbus.plugin import (
    CanConfigError,
    CanError,
    CanOperationError,
    CanState,
    CanUnsupportedError,
    Message,
    Waiter,
)


class Transmitter:
    """The sending side of one socket.

    Args:
        sock: the socket.
        channels: what it is bound to.
        waiter: what to sleep on.
        failed: the error to raise for a refusal; None to try once more at once.
        ask_state: the controller's state, for the warning of a long wait.

    Attributes:
        lock: keeps the socket from being closed, and its number from being reused, between
            a look at it and the system call. Never held for long: nothing blocks.
    """

    def __init__(
        self,
        sock: RawSocket,
        channels: Channels,
        waiter: Waiter,
        failed: Callable[[OSError, Message], Exception | None],
        ask_state: Callable[[], CanState | None],
    ) -> None:
        self._socket = sock
        self._channels = channels
        self._waiter = waiter
        self._failed = failed
        self._ask_state = ask_state
        self._is_told = False
        self._flushes = 0
        self._write_many = make_writer(sock) if channels.fixed else None
        self.lock = threading.RLock()

    def put(self, frame: bytes, msg: Message, deadline_ns: int | None) -> None:
        """Hand one frame to the kernel."""
        try:
            self._put_now(frame, msg)
        except OSError as exc:
            self.retry(frame, msg, deadline_ns, exc)

    def retry(self, frame: bytes, msg: Message, deadline_ns: int | None, refusal: OSError) -> None:
        """Hand over a frame that was refused once: wait for room if that is what it takes."""
        self._when_room(lambda: self._put_now(frame, msg), msg, deadline_ns, refusal)

    def put_many(self, msgs: Sequence[Message], deadline_ns: int | None) -> None:
        """Hand frames to the kernel in order; an error says in `sent` how many it took before."""
        sent = 0
        encoded: list[bytes] = []  # the next ones

        def put_some() -> None:
            nonlocal sent
            if not encoded:
                encoded.extend(encode_can_frame(msg) for msg in msgs[sent : sent + MAX_BATCH])
            count = 1
            with self.lock:
                if self._write_many is not None:
                    count = self._write_many(encoded)
                else:
                    self._put_now(encoded[0], msgs[sent])
            sent += count
            del encoded[:count]

        try:
            while sent < len(msgs):
                try:
                    put_some()
                except OSError as exc:
                    self._when_room(put_some, msgs[sent], deadline_ns, exc)
        except CanError as exc:
            exc.sent = sent
            raise

    def flush(self) -> None:
        """Give up what waits on our side; say what lies where only the link can drop it."""
        self._flushes += 1
        self._waiter.kick()
        if self.in_queue():
            name = self._channels.shown
            raise CanUnsupportedError(
                f"{name}: frames of this bus are in the kernel's queue, and cannot be taken back",
                hint=f"only taking the link down drops them: ip link set {name} down; "
                f"ip link set {name} up. With send(ttl=...) never more than one is there",
            )

    def in_queue(self) -> bool:
        """Whether frames sent through this socket have not reached the driver yet."""
        sizes = self._socket.getsockopt(c.SOL_SOCKET, c.SO_MEMINFO, 4 * c.SK_MEMINFO_VARS)
        words = struct.unpack(f"={c.SK_MEMINFO_VARS}I", sizes)
        return bool(words[c.SK_MEMINFO_WMEM_ALLOC])

    def _put_now(self, frame: bytes, msg: Message) -> None:
        with self.lock:
            if self._channels.fixed:
                self._socket.send(frame)
            else:
                self._socket.sendto(frame, (self.target(msg),))

    def target(self, msg: Message) -> str:
        """Where a frame goes on a bus that serves all interfaces."""
        if isinstance(msg.channel, str) and msg.channel:
            return channel_name(msg.channel)
        raise CanConfigError(
            "cannot send: this bus serves all interfaces and the frame does not say which",
            hint='set msg.channel = "can0"',
        )

    def _when_room(
        self, put: Callable[[], None], msg: Message, deadline_ns: int | None, refusal: OSError
    ) -> None:
        """Try again until the kernel takes the frame or the deadline has passed."""
        patience = Patience(self._waiter, deadline_ns)
        flushes = self._flushes
        once_more = True
        while True:
            if refusal.errno not in FULL:
                error = self._failed(refusal, msg)
                # A link that went down and came up again says so once, on any call.
                if error is not None or not (once_more and refusal.errno in LINK_ERRORS):
                    raise error or refusal from refusal
                once_more = False
            else:
                error = self._failed(OSError(errno.ENOBUFS, ""), msg)
                if flushes != self._flushes:
                    raise CanOperationError(
                        f"{self._channels.shown}: the frame waited for room, and was discarded by "
                        "flush_tx_buffer()"
                    ) from refusal
                if error is not None and patience.is_over():
                    raise error from refusal
                if patience.lasts() and not self._is_told:
                    self._is_told = True
                    tell_waiting(self._channels.shown, self._ask_state)
                patience.sleep(refusal.errno)
            try:
                put()
            except OSError as again:
                refusal = again
            else:
                return
