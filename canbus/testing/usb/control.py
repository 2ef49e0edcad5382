"""Talking to a running emulator: JSON, one object a line, over a stream socket.

    {"do": "fault", "kind": "noack", "channel": 0}
    {"ok": null}  or  {"error": "CanConfigError", "message": "...", "hint": "..."}

Both ends are here. What can be asked is in commands.py.
"""

from __future__ import annotations

import contextlib
import json
import socket
import time
from pathlib import Path
from typing import Any

from canbus import errors
from canbus.errors import CanError, CanOperationError, CanTimeoutError
from canbus.testing.usb.commands import Commands, Later
from canbus.testing.usb.emulator import Emulator

_PATIENCE = 30.0  # seconds to wait for somebody who should answer, or take an answer, at once


class Server:
    """The emulator's end: answers whoever connects.

    Args:
        emulator: what is controlled; its loop is used.
        commands: what may be asked of it; None: what may be asked of any.
    """

    def __init__(self, emulator: Emulator, commands: Commands | None = None) -> None:
        self._emulator = emulator
        self._commands = commands or Commands(emulator)
        self._waiting: list[tuple[socket.socket, Later]] = []
        emulator.after = self._answer_those_that_wait

    def listen(self, path: str) -> None:
        """Serve clients that connect to a Unix socket at `path`, which is replaced.

        Raises:
            OSError: it cannot be made.
        """
        Path(path).unlink(missing_ok=True)
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        door.bind(path)
        door.listen()
        self._emulator.watch(door, lambda: self.serve(door.accept()[0]))

    def serve(self, client: socket.socket, *, is_owner: bool = False) -> None:
        """Serve one client; the emulator ends when its owner closes the connection."""
        client.settimeout(_PATIENCE)
        buffer = bytearray()

        def ready() -> None:
            try:
                data = client.recv(1 << 16)
            except OSError:
                data = b""
            buffer.extend(data)
            while b"\n" in buffer:
                line, _, rest = bytes(buffer).partition(b"\n")
                buffer[:] = rest
                self._take(client, line)
            if not data:
                self._leave(client)
                self._emulator.ending |= is_owner

        self._emulator.watch(client, ready)

    def _take(self, client: socket.socket, line: bytes) -> None:
        try:
            request = json.loads(line)
            answer = self._commands.do(request.pop("do"), request)
        except CanError as exc:
            name = type(exc).__name__
            _send(client, {"error": name, "message": str(exc.args[0]), "hint": exc.hint})
        except (ValueError, KeyError, AttributeError) as exc:
            _send(client, {"error": "CanProtocolError", "message": f"{line!r}: {exc}"})
        else:
            if isinstance(answer, Later):
                self._waiting.append((client, answer))
            else:
                _send(client, {"ok": answer})

    def _leave(self, client: socket.socket) -> None:
        self._emulator.ignore(client)
        self._waiting = [(who, later) for who, later in self._waiting if who is not client]
        client.close()

    def _answer_those_that_wait(self) -> float | None:
        now = time.monotonic()
        still = []
        for client, later in self._waiting:
            if later.ready() or now >= later.deadline:
                _send(client, {"ok": later.answer()})
            else:
                still.append((client, later))
        self._waiting = still
        return min((later.deadline for _, later in still), default=None)


def _send(client: socket.socket, answer: dict[str, Any]) -> None:
    try:
        client.sendall(json.dumps(answer).encode() + b"\n")
    except OSError:  # it went away, or does not listen; `ready` finds out
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


class Client:
    """The user's end.

    Args:
        connection: to the emulator.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._file = connection.makefile("rb")

    @classmethod
    def connect(cls, path: str, timeout: float = 0.0) -> Client:
        """Connect to the Unix socket of a running emulator.

        Args:
            path: of the socket.
            timeout: seconds to wait for one that is starting.

        Raises:
            CanOperationError: nobody is there.
        """
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        deadline = time.monotonic() + timeout
        try:
            while True:
                try:
                    connection.connect(path)
                    break
                except (FileNotFoundError, ConnectionRefusedError):
                    if time.monotonic() >= deadline:
                        raise
                    time.sleep(0.05)  # nothing tells of a socket that is made
        except OSError as exc:
            connection.close()
            raise CanOperationError(
                f"no emulated adapter answers at {path}: {exc.strerror}",
                exc.errno,
                hint="start it with --control",
            ) from exc
        return cls(connection)

    def ask(self, name: str, /, *, patience: float = 0.0, **arguments: Any) -> Any:
        """Have a command carried out, and return its answer.

        Args:
            name: of the command.
            patience: seconds that it is expected to take.
            **arguments: its arguments.

        Raises:
            CanTimeoutError: no answer in time.
            CanOperationError: the emulator ended.
            CanError: what the command raised.
        """
        self._socket.settimeout(patience + _PATIENCE)
        try:
            self._socket.sendall(json.dumps({"do": name, **arguments}).encode() + b"\n")
            line = self._file.readline()
        except TimeoutError as exc:
            raise CanTimeoutError(f"the emulated adapter does not answer {name!r}") from exc
        except OSError:
            line = b""
        if not line:
            raise CanOperationError(
                f"the emulated adapter ended before it answered {name!r}",
                hint="what it wrote to stderr says why",
            )
        answer = json.loads(line)
        if "error" not in answer:
            return answer["ok"]
        kind = getattr(errors, answer["error"], CanError)
        raise kind(answer["message"], hint=answer.get("hint"))

    def close(self) -> None:
        """End the connection."""
        self._file.close()
        self._socket.close()
