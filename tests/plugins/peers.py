"""What is at the other end of each plugin: a server, or an adapter on a pseudo-terminal.

Each has a `channel` and `options` for `Bus()`, `say(frame)` as if another node had sent it, and
`heard`, what the plugin has sent. Their protocols are written from the wire's side: no code of
the plugins is used, python-can-remote's server excepted, which is the only one there is.
"""

from __future__ import annotations

import os
import queue
import socket
import struct
import threading
import tty
from contextlib import suppress
from importlib import import_module
from itertools import count
from typing import Any, ClassVar

import canbus
from canbus.testing.slcan import SlcanEmulator

PATIENCE = 10.0
_numbers = count()


class Peer:
    """Base: frames that were heard, and an end."""

    interface: str
    distribution: str
    options: ClassVar[dict[str, Any]] = {}
    nowhere: str = "/dev/there-is-no-such-port"
    channel: str

    def __init__(self) -> None:
        self.heard: queue.SimpleQueue[canbus.Message] = queue.SimpleQueue()

    def say(self, msg: canbus.Message) -> None:
        raise NotImplementedError

    def hear(self) -> canbus.Message:
        """The next frame that the plugin has sent."""
        return self.heard.get(timeout=PATIENCE)

    def opened(self) -> None:
        """The plugin's bus is open."""

    def close(self) -> None:
        raise NotImplementedError


class Server(Peer):
    """Listens on localhost, for one connection; records of a fixed shape go both ways."""

    hello = b""
    nowhere = "127.0.0.1:1"  # nobody listens on tcpmux

    def __init__(self) -> None:
        super().__init__()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.channel = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self._connection: socket.socket | None = None
        self._there = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        try:
            connection, _ = self._listening.accept()
        except OSError:  # closed before anybody came
            return
        with connection, connection.makefile("rb") as stream:
            connection.sendall(self.hello)
            assert stream.read(len(self.hello)) == self.hello
            self._connection = connection
            self._there.set()
            with suppress(ConnectionResetError):  # as go_away() leaves unread what came since
                while (msg := self.read(stream)) is not None:
                    self.heard.put(msg)

    def read(self, stream: Any) -> canbus.Message | None:
        """The next record; None at the end."""
        raise NotImplementedError

    def record(self, msg: canbus.Message) -> bytes:
        raise NotImplementedError

    def opened(self) -> None:
        assert self._there.wait(PATIENCE)

    def say(self, msg: canbus.Message) -> None:
        assert self._connection is not None
        self._connection.sendall(self.record(msg))

    def go_away(self) -> None:
        """Close the connection."""
        assert self._connection is not None
        self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self._listening.close()
        if self._connection is not None and self._thread.is_alive():
            with suppress(OSError):  # the plugin went first
                self.go_away()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()


class Cannelloni(Server):
    """Cannelloni over TCP: a greeting, then id with socketcan's flags, length, data."""

    interface, distribution = "cannelloni", "can-cannelloni 0.1.0"
    options: ClassVar[dict[str, Any]] = {"reconnect": False}
    hello = b"CANNELLONIv1"

    def read(self, stream: Any) -> canbus.Message | None:
        if len(head := stream.read(5)) < 5:
            return None
        can_id, length = struct.unpack("!IB", head)
        return canbus.Message(
            arbitration_id=can_id & 0x1FFFFFFF,
            is_extended_id=bool(can_id >> 31),
            is_remote_frame=bool(can_id >> 30 & 1),
            data=stream.read(length),
        )

    def record(self, msg: canbus.Message) -> bytes:
        can_id = msg.arbitration_id | msg.is_extended_id << 31 | msg.is_remote_frame << 30
        return struct.pack("!IB", can_id, len(msg.data)) + bytes(msg.data)


class Waveshare(Server):
    """2-CH-CAN-TO-ETH: 13 bytes for each frame."""

    interface, distribution = "waveshare", "can-waveshare 0.1.0"

    def read(self, stream: Any) -> canbus.Message | None:
        if len(record := stream.read(13)) < 13:
            return None
        info, can_id = struct.unpack(">BI", record[:5])
        is_remote, dlc = bool(info & 0x40), info & 0x0F
        return canbus.Message(
            arbitration_id=can_id,
            is_extended_id=bool(info & 0x80),
            is_remote_frame=is_remote,
            dlc=dlc,
            data=None if is_remote else record[5 : 5 + dlc],
        )

    def record(self, msg: canbus.Message) -> bytes:
        info = msg.is_extended_id << 7 | msg.is_remote_frame << 6 | msg.dlc
        return struct.pack(">BI", info, msg.arbitration_id) + bytes(msg.data).ljust(8, b"\0")


class Remote(Peer):
    """python-can-remote's own server, on a bus of python-can's where the tests listen, too."""

    interface, distribution = "remote", "python-can-remote 0.3.0"
    nowhere = "127.0.0.1:1"

    def __init__(self) -> None:
        super().__init__()
        can = import_module("can")
        wire = f"remote-{next(_numbers)}"
        self._bus = can.Bus(wire, interface="virtual")
        make = import_module("can_remote.server").RemoteServer
        self._server = make("127.0.0.1", 0, interface="virtual", channel=wire)
        self.channel = f"ws://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self._make = can.Message

    def say(self, msg: canbus.Message) -> None:
        self._bus.send(
            self._make(
                arbitration_id=msg.arbitration_id, is_extended_id=msg.is_extended_id,
                is_remote_frame=msg.is_remote_frame, dlc=msg.dlc,
                data=None if msg.is_remote_frame else bytes(msg.data),
            )
        )  # fmt: skip

    def hear(self) -> canbus.Message:
        heard = self._bus.recv(PATIENCE)
        return canbus.Message(
            arbitration_id=heard.arbitration_id, is_extended_id=heard.is_extended_id,
            is_remote_frame=heard.is_remote_frame, dlc=heard.dlc,
            data=None if heard.is_remote_frame else heard.data,
        )  # fmt: skip

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join(PATIENCE)
        self._server.server_close()
        self._bus.shutdown()


class Adapter(Peer):
    """An adapter on a pseudo-terminal."""

    def __init__(self) -> None:
        super().__init__()
        self._master, self._port = os.openpty()
        tty.setraw(self._port)
        self.channel = os.ttyname(self._port)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        waiting = bytearray()
        while got := self._read():
            waiting += got
            self.take(waiting)

    def _read(self) -> bytes:
        try:
            return os.read(self._master, 4096)
        except OSError:  # EIO: the last who had the port open closed it
            return b""

    def take(self, waiting: bytearray) -> None:
        """Take complete records away."""
        raise NotImplementedError

    def record(self, msg: canbus.Message) -> bytes:
        raise NotImplementedError

    def say(self, msg: canbus.Message) -> None:
        os.write(self._master, self.record(msg))

    def close(self) -> None:
        os.close(self._port)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        os.close(self._master)


class Damiao(Adapter):
    """Damiao's USB adapter: 30 bytes out, of which the data are the last; 16 bytes in."""

    interface, distribution = "damiao", "python-can-damiao 0.1.0"

    def take(self, waiting: bytearray) -> None:
        if waiting[:2] == b"\x55\x05":
            del waiting[:5]  # the bit rate
        while len(waiting) >= 30:
            assert waiting[:4] == b"\x55\xaa\x1e\x03"
            is_extended, can_id, is_remote, length = struct.unpack_from("<BIBB", waiting, 12)
            data = bytes(waiting[21 : 21 + 8])[8 - length :]
            self.heard.put(
                canbus.Message(
                    arbitration_id=can_id, is_extended_id=bool(is_extended),
                    is_remote_frame=bool(is_remote), dlc=length, data=None if is_remote else data,
                )
            )  # fmt: skip
            del waiting[:30]

    def record(self, msg: canbus.Message) -> bytes:
        info = msg.dlc | msg.is_extended_id << 6 | msg.is_remote_frame << 7
        head = struct.pack(">BBBI", 0xAA, 0x11, info, msg.arbitration_id)
        return head + bytes(msg.data).ljust(8, b"\0") + b"\x55"


class FlexibleSerial(Adapter):
    """The layout that is the default: start, time, length, id with socketcan's flags, data, end."""

    interface, distribution = "flexible_serial", "python-can-flexible-serial 0.2.3"

    def take(self, waiting: bytearray) -> None:
        while len(waiting) >= 11 and len(waiting) >= 11 + waiting[5]:
            length, can_id = struct.unpack_from("<BI", waiting, 5)
            assert (waiting[0], waiting[10 + length]) == (0xAA, 0xBB)
            self.heard.put(
                canbus.Message(
                    arbitration_id=can_id & 0x1FFFFFFF,
                    is_extended_id=bool(can_id >> 31),
                    is_remote_frame=bool(can_id >> 30 & 1),
                    data=bytes(waiting[10 : 10 + length]),
                )
            )
            del waiting[: 11 + length]

    def record(self, msg: canbus.Message) -> bytes:
        can_id = msg.arbitration_id | msg.is_extended_id << 31 | msg.is_remote_frame << 30
        head = struct.pack("<BIBI", 0xAA, 0, len(msg.data), can_id)
        return head + bytes(msg.data) + b"\xbb"


class SlcanDisco(Peer):
    """An emulated slcan adapter."""

    interface, distribution = "slcan_disco", "python-can-slcan-disco 0.1.0"
    options: ClassVar[dict[str, Any]] = {"sleep_after_open": 0, "bitrate": 500_000}

    def __init__(self) -> None:
        super().__init__()
        wire = f"disco-{next(_numbers)}"
        self._node = canbus.Bus(wire, "virtual")
        self._other = canbus.Bus(wire, "virtual")
        self._emulator = SlcanEmulator(bus=self._other)
        self._emulator.__enter__()
        self.channel = self._emulator.port

    def say(self, msg: canbus.Message) -> None:
        self._node.send(msg)

    def hear(self) -> canbus.Message:
        heard = self._node.recv(PATIENCE)
        assert heard is not None
        return heard

    def close(self) -> None:
        self._emulator.__exit__(None, None, None)
        self._other.shutdown()
        self._node.shutdown()


PEERS: tuple[type[Peer], ...] = (
    Cannelloni, Waveshare, Remote, Damiao, FlexibleSerial, SlcanDisco,
)  # fmt: skip
