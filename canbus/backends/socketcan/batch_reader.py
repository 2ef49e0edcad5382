"""Reading frames with the C library's recvmmsg: many for one system call, the GIL kept.

The call cannot block, and handing the GIL over costs more than the call: beside a busy thread
twenty times more. Everything lies in one arena; a batch whose frames are all of one kind, as
is usual, is told by one comparison of its headers and decoded by one unpack. For 64-bit Linux
only; what is unusual goes through arrivals.py, and plain_reader.py does it all elsewhere.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Callable, Iterator
from time import time_ns

from canbus.backends.socketcan import constants as c
from canbus.backends.socketcan.arrivals import Arrivals, ControlMessage, origin_of
from canbus.backends.socketcan.c_errno import errno_reader
from canbus.backends.socketcan.channels import Channels
from canbus.backends.socketcan.link_watch import LINK_ERRORS
from canbus.backends.socketcan.plain_reader import plain_reader
from canbus.backends.socketcan.raw_socket import RawSocket
from canbus.codecs.can_frame import (
    CAN_MTU,
    CANFD_MTU,
    CLASSIC_RECORD,
    RECORD,
    message_from_classic,
    messages_from_classic,
    messages_from_records,
)
from canbus.collecting import MAX_BATCH, BatchReader
from canbus.frame_flags import STAMP_KERNEL
from canbus.kept_frames import OddBatch
from canbus.plugin import Message

# Structures of LP64 Linux. <bits/socket.h>: struct mmsghdr {msghdr {name, namelen, iov, iovlen,
# control, controllen, flags}, msg_len}; iovec {base, len}; cmsghdr {size_t len, int level, int
# type} before its data. Seen as 64-bit words, a header's control length is word 5, its flags
# are word 6 and its message length is word 7.
_HEADER = struct.Struct("=QI4xQQQQi4xI4x")
_IOVEC = struct.Struct("=QQ")
_CMSG = struct.Struct("=Qii")
_HEADER_SIZE = _HEADER.size
_WORDS = _HEADER_SIZE // 8
_CONTROL_WORD, _FLAGS_WORD, _LENGTH_WORD = 5, 6, 7
_STAMP_SIZE = _CMSG.size + 16  # SCM_TIMESTAMPNS: what comes with every frame
_STAMP_AND_COUNT_SIZE = _STAMP_SIZE + _CMSG.size + 8  # and SO_RXQ_OVFL, once there was a loss
_CONTROL_SIZE = 96  # SCM_TIMESTAMPING takes 64, a count 24
_ADDRESS_SIZE = 24  # struct sockaddr_can: family, then the interface index at offset 4
_FRAME_AT = _CONTROL_SIZE + _ADDRESS_SIZE
_SIMPLE_FLAGS = (0, c.MSG_DONTROUTE, c.MSG_DONTROUTE | c.MSG_CONFIRM)
_LOW = 0xFFFFFFFF
_COUNT = struct.Struct("=I")
_MANY = 100


class _Arena:
    """Memory for one batch: headers, then vectors, then for each frame control, address, frame.

    Raises:
        ImportError: this Python has no ctypes.
    """

    def __init__(self, frame_size: int, *, named: bool) -> None:
        import ctypes

        self.stride = _FRAME_AT + frame_size
        self._vectors_at = MAX_BATCH * _HEADER.size
        self._records_at = self._vectors_at + MAX_BATCH * _IOVEC.size
        self.memory = bytearray(self._records_at + MAX_BATCH * self.stride)
        array = (ctypes.c_char * len(self.memory)).from_buffer(self.memory)
        self._base = ctypes.addressof(array)
        self.pointer = ctypes.byref(array)  # an argument as it is, which costs least
        self.named = named
        for place in range(MAX_BATCH):
            frame_at = self._base + self.record_at(place) + _FRAME_AT
            vector_at = self._vectors_at + place * _IOVEC.size
            _IOVEC.pack_into(self.memory, vector_at, frame_at, frame_size)
        self.view = memoryview(self.memory)
        self.words = self.view[: self._vectors_at].cast("Q")
        self.fresh = memoryview(self.headers(_CONTROL_SIZE, 0, 0))
        self.view[: self._vectors_at] = self.fresh

    def record_at(self, place: int) -> int:
        return self._records_at + place * self.stride

    def records(self, count: int) -> memoryview:
        """The memory of the first records."""
        return self.view[self._records_at : self.record_at(count)]

    def last_count(self, count: int) -> int:
        """The count of losses that came with the last record; it never falls within a batch."""
        at = self.record_at(count - 1) + _STAMP_SIZE + _CMSG.size
        return int(_COUNT.unpack_from(self.memory, at)[0])

    def headers(self, control_size: int, flags: int, length: int) -> bytes:
        """The headers of a batch whose frames have all come with these."""
        return b"".join(
            _HEADER.pack(
                self._base + self.record_at(place) + _CONTROL_SIZE if self.named else 0,
                _ADDRESS_SIZE if self.named else 0,
                self._base + self._vectors_at + place * _IOVEC.size,
                1,
                self._base + self.record_at(place),
                control_size,
                flags,
                length,
            )
            for place in range(MAX_BATCH)
        )


def batch_reader(
    sock: RawSocket,
    channels: Channels,
    arrivals: Arrivals,
    failed: Callable[[int], None],
    *,
    fd: bool,
) -> BatchReader:
    """A function that reads up to so many frames without waiting; see `PrefetchingBus`.

    Raises:
        ImportError: this Python has no ctypes.
    """
    import ctypes

    arena = _Arena(CANFD_MTU if fd else CAN_MTU, named=channels.fixed is None)
    memory, view, words, fresh = arena.memory, arena.view, arena.words, arena.fresh
    # Not use_errno=True: that keeps a copy of errno for each thread, at a third of the call's cost.
    libc = ctypes.PyDLL(None)
    # No argtypes: plain ints go as C ints and `headers` is a pointer already; declaring them
    # would make each call convert them again.
    recvmmsg = libc.recvmmsg
    last_errno = errno_reader()
    number, headers, dontwait = sock.fileno(), arena.pointer, c.MSG_DONTWAIT
    fixed = channels.fixed
    single = _single_record(arena).unpack_from
    origins = _Origins(named=arena.named)
    ns = 10**9
    message = message_from_classic
    several = _batch_decoder(arena, channels, arrivals, fd=fd)
    read_plainly = plain_reader(sock, channels, arrivals, failed)
    refused = _after_refusal(failed, read_plainly)
    is_busy = False

    def read(limit: int) -> Message | list[Message]:
        nonlocal is_busy
        if is_busy:  # a signal handler reads within this very function: the arena is in use
            return read_plainly(limit)
        is_busy = True
        try:
            count = recvmmsg(number, headers, limit, dontwait, None)
            if count < 0:
                code = last_errno()
                return [] if code == errno.EAGAIN else refused(limit, code)
            if count == 1:
                used, flags, length, seconds, rest, can_id, size, data = single(memory)
                if used == _STAMP_SIZE and length == CAN_MTU:
                    origin = origins[flags]
                    if origin is not None:
                        # The kernel has written the used size over it.
                        words[_CONTROL_WORD] = _CONTROL_SIZE
                        return message(can_id, size, data, seconds * ns + rest, fixed, origin)
            return several(count)
        except BaseException:  # whatever a signal handler raises: the kernel wrote into these
            view[: len(fresh)] = fresh
            raise
        finally:
            is_busy = False

    def forget() -> None:
        nonlocal number
        number = -1  # it may be another file's from now on, while a signal handler was in `read`

    sock.before_close.append(forget)
    return read


def _after_refusal(
    failed: Callable[[int], None], read_plainly: Callable[[int], list[Message]]
) -> Callable[[int, int], list[Message]]:
    """A function that reads on after an errno, which may not be that of the call."""

    def refused(limit: int, code: int) -> list[Message]:
        if code in LINK_ERRORS:
            failed(code)  # the kernel says it once
        # This one says why. A signal handler may have changed errno since the call.
        return read_plainly(limit)

    return refused


def _batch_decoder(
    arena: _Arena, channels: Channels, arrivals: Arrivals, *, fd: bool
) -> Callable[[int], list[Message]]:
    """A function that makes messages of the first so many records, and the headers fresh."""
    memory, view, words, fresh = arena.memory, arena.view, arena.words, arena.fresh
    fixed = channels.fixed
    decode = messages_from_records if fd else messages_from_classic
    layout = (RECORD if fd else CLASSIC_RECORD).format.removeprefix("=")
    gap = _FRAME_AT - _STAMP_SIZE
    records = struct.Struct(f"={_CMSG.size}xqq{gap}x{layout}").iter_unpack
    regions = [arena.records(count) for count in range(MAX_BATCH + 1)]
    images = _Images(arena, fd)

    def several(count: int) -> list[Message]:
        used, length = words[_CONTROL_WORD], words[_LENGTH_WORD]
        image, origin = images[used, words[_FLAGS_WORD], length]
        if count == 1:
            alike = image is not None
        else:
            alike = image is not None and memory.startswith(image[: count * _HEADER_SIZE])
        if alike and (used == _STAMP_SIZE or arena.last_count(count) == arrivals.drops):
            batch = decode(records(regions[count]), fixed, origin, length)
        else:
            batch = _one_by_one(arena, count, channels, arrivals)
        # The kernel has written the used sizes over ours.
        if count == 1:
            words[_CONTROL_WORD] = _CONTROL_SIZE
        else:
            view[: count * _HEADER_SIZE] = fresh[: count * _HEADER_SIZE]
        return batch

    return several


def _single_record(arena: _Arena) -> struct.Struct:
    """Layout of the arena from the first header's control length to the first record's end."""
    lead = arena.record_at(0) - _HEADER.size
    return struct.Struct(
        f"={8 * _CONTROL_WORD}xQi4xI4x{lead}x{_CMSG.size}xqq{_FRAME_AT - _STAMP_SIZE}x"
        + CLASSIC_RECORD.format.removeprefix("=")
    )


class _Origins(dict[int, int]):
    """The origin by msg_flags; None for those that are not simple.

    On a bus on all interfaces no frame is simple: each says where it came through.
    """

    def __init__(self, *, named: bool) -> None:
        simple = () if named else _SIMPLE_FLAGS
        super().__init__({flags: origin_of(flags) | STAMP_KERNEL for flags in simple})

    def __missing__(self, flags: int) -> None:
        return None


class _Images(dict[tuple[int, int, int], tuple[memoryview | None, int]]):
    """What the headers of a batch look like when all its frames have come alike, and the origin.

    Keyed by used control size, msg_flags and message length; None for what is unusual.
    """

    def __init__(self, arena: _Arena, fd: bool) -> None:
        self._arena = arena
        self._lengths = (CAN_MTU, CANFD_MTU) if fd else (CAN_MTU,)

    def __missing__(self, key: tuple[int, int, int]) -> tuple[memoryview | None, int]:
        used, flags, length = key
        usual = (
            not self._arena.named  # whose frames do not say where they came through
            and used in {_STAMP_SIZE, _STAMP_AND_COUNT_SIZE}
            and flags in _SIMPLE_FLAGS
            and length in self._lengths
        )
        image = memoryview(self._arena.headers(used, flags, length)) if usual else None
        if len(self) > _MANY:
            self.clear()  # never seen; a kernel with ever new flags must not fill the memory
        found = self[key] = (image, origin_of(flags) | STAMP_KERNEL)
        return found


def _one_by_one(arena: _Arena, count: int, channels: Channels, arrivals: Arrivals) -> list[Message]:
    """The careful way through a batch."""
    batch: list[Message] = []
    odd = False
    for place in range(count):
        at = arena.record_at(place)
        word = place * _WORDS
        used = arena.words[word + _CONTROL_WORD]
        length = arena.words[word + _LENGTH_WORD] & _LOW
        frame = bytes(arena.view[at + _FRAME_AT : at + _FRAME_AT + length])
        channel = channels.fixed
        if channel is None:
            (index,) = struct.unpack_from("=i", arena.memory, at + _CONTROL_SIZE + 4)
            channel = channels.name(index)
        control = _control_messages(bytes(arena.view[at : at + used]))
        flags = arena.words[word + _FLAGS_WORD] & _LOW
        msg = arrivals.message(frame, control, flags, channel, time_ns())
        if msg is not None:
            batch.append(msg)
            odd = odd or msg.lost_before > 0
    return OddBatch(batch) if odd else batch


def _control_messages(control: bytes) -> Iterator[ControlMessage]:
    """Walk over struct cmsghdr and data, each aligned to 8 bytes (cmsg(3))."""
    at = 0
    while at + _CMSG.size <= len(control):
        size, level, kind = _CMSG.unpack_from(control, at)
        yield level, kind, control[at + _CMSG.size : at + size]
        at += max(size + 7 & ~7, _CMSG.size)
