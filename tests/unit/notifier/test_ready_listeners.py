"""redirect_reader, printer and thread_safe_bus."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import canbus as can
from canbus.testing import FakeBus
from canbus.testing.support import PATIENCE, Worker, facts, numbered, receive, wait_until_blocked
from tests.unit.notifier.conftest import OpenBus
from tests.unit.notifier.listening import Recorder, send

# -- RedirectReader -----------------------------------------------------------------------


def test_redirect_reader_sends_what_comes_to_another_bus(open_bus: OpenBus) -> None:
    here, there = (open_bus("here"), open_bus("here")), (open_bus("there"), open_bus("there"))
    frames = [numbered(1), can.Message(arbitration_id=2, is_remote_frame=True, dlc=3)]
    with can.Notifier(here[0], [can.RedirectReader(there[0])]):
        for frame in frames:
            here[1].send(frame)
        assert [facts(receive(there[1])) for _ in frames] == [facts(frame) for frame in frames]


class _FullBus(FakeBus):
    """A bus whose transmit queue is full; remembers how long senders would have waited."""

    def __init__(self) -> None:
        self.timeouts: list[float | None] = []
        super().__init__()

    def _send_frame(self, msg: can.Message, timeout: float | None) -> None:
        self.timeouts.append(timeout)
        super()._send_frame(msg, timeout)


def test_redirect_reader_waits_for_a_full_bus_once() -> None:
    full = can.CanTxQueueFullError("no room")
    with _FullBus() as bus:
        reader = can.RedirectReader(bus, timeout=0.5)
        bus.send_error = full
        for _ in range(3):
            with pytest.raises(can.CanTxQueueFullError):
                reader(numbered(1))
        bus.send_error = None
        reader(numbered(2))
        reader(numbered(3))
        assert bus.timeouts == [0.5, 0, 0, 0, 0.5]
        assert len(bus.sent) == 2


def test_a_redirect_that_fails_costs_other_listeners_nothing(open_bus: OpenBus) -> None:
    bus, other, gone = open_bus(), open_bus(), open_bus("gone")
    recorder = Recorder()
    redirect = can.RedirectReader(gone)
    gone.shutdown()
    with can.Notifier(bus, [redirect, recorder]) as notifier:
        send(other, range(5))
        recorder.wait_for(frames=5)
        assert isinstance(notifier.exception, can.CanClosedError)
        assert not notifier.stopped


def test_redirect_reader_refuses_what_is_no_bus(bus: can.BusABC) -> None:
    with pytest.raises(can.CanConfigError, match="sends to a bus"):
        can.RedirectReader("can0")  # type: ignore[arg-type]
    with pytest.raises(can.CanConfigError, match="timeout"):
        can.RedirectReader(bus, timeout=-1)


# -- Printer ------------------------------------------------------------------------------


def test_printer_prints_to_the_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    printer = can.Printer()
    printer(numbered(1))
    printer.stop()
    assert printer.file_size() == 0
    printer(numbered(2))  # the standard output stays open
    assert capsys.readouterr().out == f"{numbered(1)}\n{numbered(2)}\n"


def test_printer_writes_a_file_anew_or_behind_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    for append in (False, False, True):
        with can.Printer(path, append) as printer:
            printer(numbered(1))
        assert printer.file.closed
    with can.Printer(str(path), append=True) as printer:
        printer(numbered(2))
        assert printer.file_size() == path.stat().st_size
    assert path.read_text() == f"{numbered(1)}\n" * 2 + f"{numbered(2)}\n"


def test_printer_leaves_a_file_open_that_it_did_not_open(tmp_path: Path) -> None:
    with (tmp_path / "log.txt").open("w") as file:
        with can.Printer(file) as printer:
            printer(numbered(1))
        assert not file.closed
        assert (tmp_path / "log.txt").read_text() == f"{numbered(1)}\n"  # it was flushed
    printer.stop()
    text = io.StringIO()
    can.Printer(text)(numbered(1))
    assert text.getvalue() == f"{numbered(1)}\n"


def test_printer_says_that_a_file_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        can.Printer(tmp_path / "nowhere" / "log.txt")


# -- ThreadSafeBus ------------------------------------------------------------------------


def test_thread_safe_bus_is_a_bus_and_every_bus_is_one() -> None:
    with can.ThreadSafeBus("x", interface="virtual") as bus, FakeBus() as fake:
        assert isinstance(bus, can.BusABC)
        assert isinstance(bus, can.ThreadSafeBus)
        assert isinstance(fake, can.ThreadSafeBus)
        assert issubclass(type(bus), can.ThreadSafeBus)
        assert bus.channel_info == "virtual x"
    assert not isinstance(5, can.ThreadSafeBus)
    assert not issubclass(int, can.ThreadSafeBus)
    with pytest.raises(can.CanConfigError, match="bitrat"):
        can.ThreadSafeBus("x", interface="virtual", bitrat=5)


def test_a_thread_that_waits_for_frames_does_not_hold_up_others() -> None:
    with can.ThreadSafeBus("x", interface="virtual", receive_own_messages=True) as bus:
        waiting = Worker(lambda: bus.recv(PATIENCE))
        wait_until_blocked(waiting)
        bus.set_filters(None)
        assert bus.state is can.BusState.ACTIVE
        bus.send(numbered(1))
        assert waiting.result()
