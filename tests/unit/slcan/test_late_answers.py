"""An answer that came in time is no late one, even if nobody read it until it was due."""

from __future__ import annotations

import select
from collections.abc import Callable

import pytest

import canbus as can
from canbus.backends.slcan import sender
from canbus.backends.slcan.bus import SlcanBus
from canbus.testing.slcan import SlcanEmulator
from tests.unit.slcan.serial_lines import PATIENCE, wait_for

FRAME = can.Message.parse("123#DEAD")


@pytest.mark.parametrize(
    "send", [lambda bus: bus.send(FRAME), lambda bus: bus.send_many([FRAME, FRAME])]
)
def test_answers_that_lie_in_the_port_are_read_before_they_are_called_lost(
    send: Callable[[SlcanBus], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        SlcanEmulator("lawicel") as adapter,
        SlcanBus(adapter.port, dialect="lawicel", bitrate=500_000, window=8) as bus,
    ):
        monkeypatch.setattr(sender, "ANSWER_NS", 0)
        bus.send(FRAME)
        assert wait_for(bus._port.fileno(), select.POLLIN, PATIENCE)  # the answer
        monkeypatch.undo()
        send(bus)
        assert bus.statistics.tx_unanswered == 0
