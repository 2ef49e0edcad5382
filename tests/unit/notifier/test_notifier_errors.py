"""notifier: errors of listeners and of buses: who hears of them, and that nobody else does."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

import canbus as can
from canbus.testing import FakeBus
from canbus.testing.support import PATIENCE, number_of, numbered
from tests.unit.notifier.listening import Failing, Recorder, send


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.WARNING, logger="canbus"):
        yield


def test_an_error_goes_to_the_on_error_of_its_listener_and_costs_nobody_a_frame(
    bus: can.BusABC, other: can.BusABC, caplog: pytest.LogCaptureFixture
) -> None:
    failing, before, after = Failing(LookupError("no signal")), Recorder(), Recorder()
    with can.Notifier(bus, [before, failing, after]) as notifier:
        send(other, range(10))
        after.wait_for(frames=10)
        assert not notifier.stopped
    assert before.numbers == after.numbers == failing.numbers == list(range(10))
    assert failing.errors == [failing.error] * 10
    assert notifier.exception is failing.error
    assert before.errors == after.errors == []
    assert caplog.records == []


def test_what_no_on_error_takes_is_logged_at_a_rate_that_can_be_read(
    bus: can.BusABC, other: can.BusABC, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(msg: can.Message) -> None:
        raise LookupError(f"no signal {number_of(msg)}")

    last = Recorder()
    with can.Notifier(bus, [fail, last]):
        send(other, range(120))
        last.wait_for(frames=120)
    first, *later = caplog.records
    assert first.exc_info is not None
    assert first.exc_info[0] is LookupError
    assert str(bus) in first.message
    assert "fail" in first.message
    assert "no signal 0" in first.message
    assert [("10 times" in each.message, "100 times" in each.message) for each in later] == [
        (True, False),
        (False, True),
    ]


def test_another_kind_of_error_and_one_that_comes_back_are_news(
    bus: can.BusABC, other: can.BusABC, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(msg: can.Message) -> None:
        raise (LookupError, ZeroDivisionError)[number_of(msg) % 2]

    last = Recorder()
    with can.Notifier(bus, [fail, last]) as notifier:
        send(other, range(4))
        last.wait_for(frames=4)
        notifier.remove_listener(fail)
        notifier.add_listener(fail)
        send(other, range(2))
        last.wait_for(frames=6)
        notifier.add_listener(last)  # behind it: what it is called with was logged
        send(other, [2])
        last.wait_for(frames=8)
    assert [each.exc_info[0] for each in caplog.records if each.exc_info] == [
        LookupError,
        ZeroDivisionError,
    ] * 2


class _Plain(can.Listener):
    """A listener without an on_error, as python-can's own."""

    def on_message_received(self, msg: can.Message) -> None:
        raise LookupError("no signal")


class _Worse(_Plain):
    def on_error(self, exc: Exception) -> None:
        raise ZeroDivisionError("and this") from exc


@pytest.mark.parametrize(("kind", "logged"), [(_Plain, LookupError), (_Worse, ZeroDivisionError)])
def test_an_on_error_that_is_not_there_or_fails_is_logged(
    bus: can.BusABC,
    other: can.BusABC,
    caplog: pytest.LogCaptureFixture,
    kind: type[_Plain],
    logged: type[Exception],
) -> None:
    last = Recorder()
    with can.Notifier(bus, [kind(), last]):
        send(other, range(3))
        last.wait_for(frames=3)
    assert [each.exc_info[0] for each in caplog.records if each.exc_info] == [logged]
    assert last.numbers == [0, 1, 2]


def test_a_listener_that_exits_ends_nothing(
    bus: can.BusABC, other: can.BusABC, caplog: pytest.LogCaptureFixture
) -> None:
    leaving, last = Failing(SystemExit(3)), Recorder()
    with can.Notifier(bus, [leaving, last]):
        send(other, range(3))
        last.wait_for(frames=3)
    assert last.numbers == [0, 1, 2]
    assert leaving.errors == []  # on_error takes an Exception
    assert [each.exc_info[0] for each in caplog.records if each.exc_info] == [SystemExit]


def test_a_log_that_fails_costs_nobody_a_frame(
    bus: can.BusABC, other: can.BusABC, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise OSError("disk full")

    reported: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: reported.append(args.exc_value))
    monkeypatch.setattr(logging.getLogger("canbus"), "handlers", [Broken()])
    last = Recorder()
    with can.Notifier(bus, [_Plain(), last]):
        send(other, range(3))
        last.wait_for(frames=3)
    assert last.numbers == [0, 1, 2]
    assert [str(each) for each in reported] == ["disk full"]


# -- errors of a bus ----------------------------------------------------------------------


class _FlakyBus(FakeBus):
    """A bus that meets errors where the test puts them."""

    def __init__(self) -> None:
        self.trouble: list[can.CanError] = []
        super().__init__()

    def meet(self, *errors: can.CanError) -> None:
        with self._changed:
            self.trouble.extend(errors)
            self._changed.notify_all()

    def _recv_frame(self, timeout: float | None) -> can.Message | None:
        with self._changed:
            if self.trouble:
                raise self.trouble.pop(0)
        return super()._recv_frame(timeout)


def test_an_error_of_the_bus_is_told_to_all_and_reading_goes_on() -> None:
    down = can.CanLinkDownError("can0 is down")
    first, second = Recorder(), Recorder()
    with _FlakyBus() as bus, can.Notifier(bus, [first, _Plain(), second]) as notifier:
        bus.meet(down)
        bus.feed(numbered(1))
        first.wait_for(frames=1)
        second.wait_for(frames=1, errors=1)
        assert not notifier.stopped
    assert first.errors[0] is second.errors[0] is down
    assert (first.numbers, second.numbers) == ([1], [1])


def test_an_error_of_the_bus_that_nobody_takes_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    came = can.BufferedReader()
    with _FlakyBus() as bus, can.Notifier(bus, [came]) as notifier:
        bus.meet(can.CanLinkDownError("can0 is down", hint="canbus up can0"))
        bus.feed(numbered(1))
        assert came.get_message(PATIENCE)
        assert isinstance(notifier.exception, can.CanLinkDownError)
    assert caplog.messages == ["Notifier for fake: can0 is down (hint: canbus up can0)"]
