"""A link that is down, comes up, vanishes and comes back: said at every call, never a silence."""

from __future__ import annotations

import resource
import select
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import canbus as can
from canbus.backends.socketcan.bus import SocketcanBus
from canbus.backends.socketcan.echo import EchoWatch
from canbus.links import create_vcan, delete_link, set_down, set_up
from canbus.testing.support import Worker, number_of, numbered, receive, wait_until_blocked

USES: dict[str, Callable[[can.BusABC], object]] = {
    "recv(0)": lambda bus: bus.recv(0),
    "recv(0.05)": lambda bus: bus.recv(0.05),
    "recv()": lambda bus: bus.recv(),
    "recv_many": lambda bus: bus.recv_many(64, 20),
    "iteration": lambda bus: next(iter(bus)),
    "send": lambda bus: bus.send(numbered(1)),
    "send(0)": lambda bus: bus.send(numbered(1), 0),
    "send_many": lambda bus: bus.send_many([numbered(1)]),
    "send(confirm)": lambda bus: bus.send(numbered(1), 20, confirm=True),
    "send(ttl)": lambda bus: bus.send(numbered(1), ttl=20),
}


@pytest.fixture
def link(vcan: str) -> Iterator[str]:
    """A link that the test may remove, up."""
    name = f"{vcan}e"
    create_vcan(name)
    yield name
    subprocess.run(["ip", "link", "del", name], check=False, capture_output=True)


@pytest.mark.parametrize("use", USES.values(), ids=list(USES))
def test_while_the_link_is_down_every_call_says_so_and_after_up_the_bus_works(
    link: str, use: Callable[[can.BusABC], object]
) -> None:
    with (
        can.Bus(link, interface="socketcan") as bus,
        can.Bus(link, interface="socketcan") as other,
    ):
        for _ in range(2):
            set_down(link)
            for _ in range(3):
                with pytest.raises(can.CanLinkDownError, match=link) as caught:
                    use(bus)
                assert caught.value.hint
            set_up(link)
            with pytest.raises(can.CanLinkDownError):
                other.recv(0)  # it has not been told yet, and is, once
            assert other.recv(0) is None
            if "recv" not in str(use):
                _told_once(bus)
            bus.send(numbered(1))
            assert number_of(receive(other)) == 1
            other.send(numbered(2))
            assert number_of(receive(bus)) == 2


def _told_once(bus: can.BusABC) -> None:
    """A bus that only sent has not told its readers of what it met."""
    try:
        assert bus.recv(0) is None
    except can.CanLinkDownError:
        assert bus.recv(0) is None


def test_opening_a_link_that_is_down_works(link: str) -> None:
    set_down(link)
    with can.Bus(link, interface="socketcan") as bus:
        for use in USES.values():
            with pytest.raises(can.CanLinkDownError):
                use(bus)
        set_up(link)
        with can.Bus(link, interface="socketcan") as other:
            other.send(numbered(5))
            assert number_of(receive(bus)) == 5


def test_frames_that_came_before_are_delivered_first(link: str) -> None:
    with (
        can.Bus(link, interface="socketcan") as bus,
        can.Bus(link, interface="socketcan") as other,
    ):
        other.send_many([numbered(number) for number in range(100)])
        set_down(link)
        assert [number_of(receive(bus)) for _ in range(100)] == list(range(100))
        with pytest.raises(can.CanLinkDownError):
            bus.recv(0)


def test_a_link_that_was_down_for_a_moment_is_said_to_have_been(link: str) -> None:
    with can.Bus(link, interface="socketcan") as bus:
        set_down(link)
        set_up(link)
        with pytest.raises(can.CanLinkDownError, match="is up again"):
            bus.recv(0)
        assert bus.recv(0) is None


def test_all_readers_that_wait_are_told(link: str) -> None:
    with can.Bus(link, interface="socketcan") as bus:
        readers = [Worker(bus.recv) for _ in range(4)]
        wait_until_blocked(*readers)
        set_down(link)
        for reader in readers:
            assert isinstance(reader.error(), can.CanLinkDownError)


def test_a_send_that_meets_the_error_leaves_it_to_the_readers(link: str) -> None:
    """The kernel has one error to give, and gives it to whoever calls first."""
    with can.Bus(link, interface="socketcan") as bus:
        set_down(link)
        for _ in range(2):
            with pytest.raises(can.CanLinkDownError):
                bus.send(numbered(1))
        for _ in range(2):
            with pytest.raises(can.CanLinkDownError):
                bus.recv()


def test_a_send_after_up_is_not_refused_for_an_error_of_before(link: str) -> None:
    with can.Bus(link, interface="socketcan") as bus:
        set_down(link)
        set_up(link)
        with can.Bus(link, interface="socketcan") as other:
            bus.send(numbered(3))
            assert number_of(receive(other)) == 3


@pytest.mark.parametrize("use", USES.values(), ids=list(USES))
def test_after_removal_every_call_says_so_until_it_is_reopened(
    link: str, use: Callable[[can.BusABC], object]
) -> None:
    with can.Bus(link, interface="socketcan", can_filters=[can.CanFilter(0x123, 0x7FF)]) as bus:
        fd = bus.fileno()
        delete_link(link)
        for _ in range(3):
            with pytest.raises((can.CanChannelNotFoundError, can.CanLinkDownError)):
                use(bus)
        for _ in range(3):
            with pytest.raises(can.CanChannelNotFoundError):
                use(bus)
            with pytest.raises(can.CanChannelNotFoundError):
                bus.reopen()
        create_vcan(link)
        with pytest.raises(can.CanChannelNotFoundError):
            use(bus)
        bus.reopen()
        assert bus.fileno() == fd
        with can.Bus(link, interface="socketcan") as other:
            other.send(numbered(4, 0x124))
            other.send(numbered(5))
            assert number_of(receive(bus)) == 5  # the filter is in force
            bus.send(numbered(6))
            assert number_of(receive(other)) == 6
            assert bus.send(numbered(7), 20, confirm=True).timestamp_ns > 0


def test_reopening_a_bus_that_is_shut_down_is_refused(link: str) -> None:
    bus = can.Bus(link, interface="socketcan")
    bus.shutdown()
    with pytest.raises(can.CanClosedError):
        bus.reopen()


def test_losses_are_still_counted_after_reopening(link: str) -> None:
    with (
        can.Bus(link, interface="socketcan", rcvbuf=4096, on_loss="count") as bus,
        can.Bus(link, interface="socketcan") as other,
    ):
        for _ in range(2):
            other.send_many([numbered(number) for number in range(100)])
            got = bus.recv_many(1000, 0)
            before = bus.statistics.rx_dropped
            bus.reopen()
            assert bus.statistics.rx_dropped == before
        assert before == 2 * (100 - len(got))


@pytest.mark.parametrize("is_handed_out", [False, True])
def test_what_waits_is_kept_when_the_bus_is_opened_anew(link: str, is_handed_out: bool) -> None:
    with (
        can.Bus(link, interface="socketcan", rcvbuf=4096, on_loss="count") as bus,
        can.Bus(link, interface="socketcan") as other,
    ):
        if is_handed_out:
            bus.fileno()
        other.send_many([numbered(number) for number in range(100)])
        assert number_of(receive(bus)) == 0
        bus.reopen()
        if is_handed_out:
            assert select.select([bus], [], [], 0)[0]
        got = bus.recv_many(1000, 0)
        assert [number_of(msg) for msg in got] == list(range(1, len(got) + 1))
        assert 1 + len(got) + bus.statistics.rx_dropped == 100
        other.send(numbered(100))
        assert number_of(receive(bus)) == 100


@pytest.mark.parametrize("on_loss", ["count", "raise"])
def test_a_loss_that_waits_is_told_after_reopening(link: str, on_loss: str) -> None:
    with (
        can.Bus(link, interface="socketcan", rcvbuf=4096, on_loss=on_loss) as bus,
        can.Bus(link, interface="socketcan") as other,
    ):
        other.send_many([numbered(number) for number in range(100)])
        first = receive(bus)
        other.send(numbered(100))
        bus.reopen()
        got, told = [first], 0
        while True:
            try:
                part = bus.recv_many(1000, 0)
            except can.CanFramesLostError as exc:
                told += exc.count
                continue
            if not part:
                break
            got += part
        marked = sum(msg.lost_before for msg in got)
        assert len(got) + bus.statistics.rx_dropped == 101
        assert marked == bus.statistics.rx_dropped
        assert told == (marked if on_loss == "raise" else 0)


def test_a_reader_that_comes_late_to_the_news_is_not_left_waiting(
    link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel told another reader between this one's look and its wait."""
    with SocketcanBus(link) as bus:
        wait = bus._waiter.wait

        def be_late(*args: Any) -> bool:
            monkeypatch.setattr(bus._waiter, "wait", wait)
            set_down(link)
            with pytest.raises(can.CanLinkDownError):
                bus.recv(0)
            return wait(*args)

        monkeypatch.setattr(bus._waiter, "wait", be_late)
        reader = Worker(bus.recv)
        assert isinstance(reader.error(), can.CanLinkDownError)


def test_a_confirmed_send_after_up_is_not_refused_for_an_error_of_before(link: str) -> None:
    with can.Bus(link, interface="socketcan") as bus:
        for special in ({"confirm": True}, {"ttl": 20.0}):
            bus.send(numbered(1), 20, **special)
            set_down(link)
            set_up(link)
            bus.send(numbered(2), 20, **special)


def test_reopening_tells_who_waits_for_an_echo(link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EchoWatch, "_look", lambda watch: watch._read() and None)
    with can.Bus(link, interface="socketcan") as bus:
        sender = Worker(lambda: bus.send(numbered(1), confirm=True))
        wait_until_blocked(sender)
        Worker(bus.reopen).result()
        assert "opened anew" in str(sender.error())
        monkeypatch.undo()
        assert bus.send(numbered(1), 20, confirm=True).timestamp_ns > 0


def test_without_descriptors_a_link_is_not_taken_for_gone(link: str) -> None:
    with SocketcanBus(link) as bus:
        set_down(link)
        with pytest.raises(can.CanLinkDownError), _no_descriptor_left():
            bus.recv(0)
        set_up(link)
        assert bus.recv(0) is None
        with pytest.raises(can.CanError), _no_descriptor_left():
            bus.fileno()
        with pytest.raises(can.CanError), _no_descriptor_left():
            bus.send(numbered(1), 1, confirm=True)
        with pytest.raises(can.CanError), _no_descriptor_left():
            bus.reopen()
        with pytest.raises(can.CanError), _no_descriptor_left():
            assert bus.can_state is None
        assert select.select([bus], [], [], 0)[0] == []
        assert bus.send(numbered(1), 20, confirm=True).timestamp_ns > 0


@contextmanager
def _no_descriptor_left() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
