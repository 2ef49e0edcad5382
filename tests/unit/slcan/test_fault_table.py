"""The table: whatever is wrong with an adapter, every operation ends, and as it says here.

The bus was open and well before; opening has a table of its own (test_opening.py).
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

import canbus as can
from canbus.testing.slcan import (
    Echo,
    FirstOnly,
    Garbage,
    LoseAnswers,
    Refuse,
    Silent,
    SlcanEmulator,
    Slow,
    Split,
)
from tests.unit.slcan.operations import LONG, OPERATIONS
from tests.unit.slcan.rig import open_bus, within
from tests.unit.slcan.serial_lines import no_leak

GONE = "CanChannelNotFoundError"
LATE = "CanTimeoutError"
NOT_OPENED = "CanInitializationError"
REFUSED = "CanFrameRefusedError"
FULL = "CanTxQueueFullError"

RECEIVING = ("recv", "recv_blocked", "iterate", "select_fileno", "add_reader")
SENDING = ("send_until_told", "send_many", "confirm", "cyclic")
ASKING = ("can_state", "get_version", "get_serial_number")
OPENING = ("set_bitrate", "set_bitrate_reg", "open_channel", "restart", "reopen")


class Row(NamedTuple):
    """What is broken, and what then comes of the operations; "|" between what may come."""

    break_it: Callable[[SlcanEmulator], object]
    receive: str = "ok"
    send: str = "ok"
    ask: str = "ok"
    open: str = "ok"
    others: dict[str, str] = {}  # noqa: RUF012 - never changed

    def expected(self) -> dict[str, str]:
        return {
            **dict.fromkeys(OPERATIONS, "ok"),
            **dict.fromkeys(RECEIVING, self.receive),
            **dict.fromkeys(SENDING, self.send),
            **dict.fromkeys(ASKING, self.ask),
            **dict.fromkeys(OPENING, self.open),
            # The adapter answers while we send, or not so soon.
            "send_at_once": f"ok|{FULL}" + ("" if self.send == "ok" else f"|{self.send}"),
            "confirm_briefly": self.send,
            **self.others,
        }


def _noise(adapter):
    bits = random.Random(1)
    adapter.write(bytes(bits.choices([byte for byte in range(256) if byte != 7], k=2000)) + b"\r")


def _unplug_in_line(adapter):
    adapter.write(b"t3212")
    adapter.wait_until_written()
    adapter.unplug()


def _plug_again(adapter):
    adapter.unplug()
    adapter.plug()


def _fault(*faults):
    return lambda adapter: adapter.fault(*faults)


_AT_ONCE = 48

NO_CLOSE = {"close_channel": "CanOperationError"}
ALL_GONE = dict.fromkeys(OPERATIONS.keys() - {"statistics", "shutdown", "reopen"}, GONE)
PACKETS = {"send_many": f"ok|{LATE}", "send_until_told": f"ok|{LATE}", "cyclic": f"ok|{LATE}"}

TABLE = {
    "nothing": Row(lambda adapter: None),
    "silent": Row(_fault(Silent()), "ok", LATE, "none", NOT_OPENED, NO_CLOSE),
    "silent to frames": Row(_fault(Silent("t")), send=LATE),
    "silent to questions": Row(_fault(Silent("V", "N", "F")), ask="none", open=f"ok|{NOT_OPENED}"),
    "silent to S and O": Row(_fault(Silent("S", "s", "O")), open=NOT_OPENED),
    "refuses": Row(_fault(Refuse()), "ok", REFUSED, "none", NOT_OPENED),
    "refuses frames": Row(_fault(Refuse("t")), send=REFUSED),
    "refuses S": Row(_fault(Refuse("S", "s")), open=NOT_OPENED),
    "refuses O": Row(_fault(Refuse("O")), open=NOT_OPENED),
    "answers are lost": Row(_fault(LoseAnswers()), "ok", LATE, "none", NOT_OPENED, NO_CLOSE),
    "answers are late": Row(_fault(Slow(delay=3)), "ok", LATE, "none", NOT_OPENED, NO_CLOSE),
    "answers are slow": Row(_fault(Slow(delay=0.02))),
    "slow line": Row(_fault(Slow(bytes_per_second=5000))),
    "split": Row(_fault(Split(1, 0.0005))),
    "noise between lines": Row(
        _fault(Garbage(b"\xff\x00")), "none", LATE, "none", NOT_OPENED, NO_CLOSE
    ),
    "noise within lines": Row(
        _fault(Garbage(b"\xfd", where="inside")), "none", LATE, "none", NOT_OPENED
    ),
    "noise once": Row(_noise),
    "echo": Row(_fault(Echo())),
    "first of a packet": Row(_fault(FirstOnly()), others=PACKETS),
    "error reports": Row(lambda adapter: adapter.write(b"sw100000\re1a\rsa000000\r")),
    "frames": Row(lambda adapter: adapter.arrive(*["321#01"] * 300)),
    "unplugged": Row(SlcanEmulator.unplug, others={**ALL_GONE, "reopen": GONE}),
    "unplugged in a line": Row(_unplug_in_line, others={**ALL_GONE, "reopen": GONE}),
    "unplugged, plugged in": Row(_plug_again, others=ALL_GONE),
}


def _outcome(operation: str, row: Row, link: Path) -> str:
    with SlcanEmulator(link=str(link)) as adapter:
        bus = open_bus(adapter)
        try:
            with within(LONG):
                return str(OPERATIONS[operation](adapter, bus, lambda: row.break_it(adapter)))
        except can.CanError as exc:
            # What stands in the way of opening always comes with what to do about it.
            is_told = exc.hint or not isinstance(exc, can.CanInitializationError)
            return type(exc).__name__ if is_told else f"{exc!r} without a hint"
        finally:
            with within(0.7):
                bus.shutdown()


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    """What became of every operation of every row; many at a time, as most of them wait."""
    folder = tmp_path_factory.mktemp("ports")
    with no_leak(), warnings.catch_warnings(), ThreadPoolExecutor(_AT_ONCE) as pool:
        warnings.simplefilter("ignore", can.CanWarning)
        running = {
            (name, operation): pool.submit(_outcome, operation, row, folder / f"{name} {operation}")
            for name, row in TABLE.items()
            for operation in OPERATIONS
        }
        return {both: future.result() for both, future in running.items()}


@pytest.mark.parametrize("name", TABLE)
def test_every_operation_ends_as_it_should(name: str, outcomes: dict[tuple[str, str], str]) -> None:
    wrong = {
        operation: f"{outcomes[name, operation]}, not {expected}"
        for operation, expected in TABLE[name].expected().items()
        if outcomes[name, operation] not in expected.split("|")
    }
    assert not wrong
