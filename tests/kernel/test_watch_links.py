"""Watches when their link goes down, up or away, and on a bus on all links."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import canbus as can
from canbus.backends.socketcan.bcm_receiver import BcmReceiver
from canbus.links import create_vcan, delete_link, list_links, set_down, set_up
from canbus.testing.support import Worker, wait_until_blocked
from tests.kernel.watching import (
    BACK,
    CHANGED,
    FIRST,
    GONE,
    ID,
    LAST_ID,
    LINK_DOWN,
    MISSING,
    OpenBus,
    content,
    descriptors,
    event,
    eventually,
    frame,
    reading_threads,
    taken,
    until_now,
)


@pytest.fixture
def link(vcan: str) -> Iterator[str]:
    """The name of another link, that the test may remove."""
    name = f"{vcan}x"
    create_vcan(name)
    yield name
    if name in [link.name for link in list_links()]:
        delete_link(name)


def test_link_down_is_told_once_and_the_watch_goes_on(vcan: str, open_bus: OpenBus) -> None:
    bus, other = open_bus(), open_bus()
    with bus.watch(ID) as watch, bus.watch(ID + 1) as idle:
        other.send(frame(b"\1"))
        assert event(watch).kind is FIRST
        for round_ in range(3):
            set_down(vcan)
            down = event(watch)
            assert (down.kind, down.message) == (LINK_DOWN, None)
            assert event(idle).kind is LINK_DOWN
            set_up(vcan)
            other.send(frame(bytes([10 + round_])))
            came = event(watch)
            assert (came.kind, content(came)) == (CHANGED, bytes([10 + round_]))
        assert (taken(watch), taken(idle)) == ([], [])
        assert not watch.done


def test_a_frame_goes_missing_while_the_link_is_down(vcan: str, open_bus: OpenBus) -> None:
    bus, other = open_bus(), open_bus()
    with bus.watch(ID, period=0.03) as watch:
        other.send(frame(b"\1"))
        assert event(watch).kind is FIRST
        set_down(vcan)
        # The frame may have gone missing before the link was down.
        assert {event(watch).kind, event(watch).kind} == {LINK_DOWN, MISSING}
        set_up(vcan)
        other.send(frame(b"\1"))
        assert event(watch).kind is BACK


def test_the_last_event_of_a_link_that_is_removed_is_gone(link: str, open_bus: OpenBus) -> None:
    bus, other = open_bus(link), open_bus(link)
    watch = bus.watch(ID)
    waiting = Worker(lambda: [got.kind for got in watch])
    told: list[can.WatchEvent] = []
    called = bus.watch(ID + 1, on_event=told.append)
    other.send(frame())
    other.send(frame(b"", ID + 1))
    wait_until_blocked(waiting)
    delete_link(link)
    assert isinstance(waiting.error(), can.CanChannelNotFoundError)
    eventually(lambda: called.done, "the end")
    assert told[0].kind is FIRST
    assert [got.kind for got in told[1:] if got.kind is not LINK_DOWN] == [GONE]
    assert watch.done
    for _ in range(2):
        with pytest.raises(can.CanChannelNotFoundError, match=link):
            watch.get(0)
    watch.stop()
    with pytest.raises(can.CanChannelNotFoundError, match=link):
        bus.watch(ID)
    with pytest.raises(can.CanChannelNotFoundError, match=link):
        bus.reply_to_remote(frame())


def test_what_was_told_before_the_link_went_is_not_lost(link: str, open_bus: OpenBus) -> None:
    """Though its reader was busy: the kernel says first that the link is gone."""
    bus, other = open_bus(link), open_bus(link)
    told: list[can.WatchEvent] = []

    def busy(got: can.WatchEvent) -> None:
        told.append(got)
        if len(told) == 1:
            for number in range(1, 50):
                other.send(frame(bytes([number])))
            delete_link(link)

    watch = bus.watch(ID, on_event=busy)
    other.send(frame(b"\0"))
    eventually(lambda: watch.done, "the end")
    assert [content(got) for got in told[:50]] == [bytes([number]) for number in range(50)]
    assert [got.kind for got in told[50:] if got.kind is not LINK_DOWN] == [GONE]


def test_who_notices_first_that_the_link_is_gone_hides_it_from_nobody(
    link: str, open_bus: OpenBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender meets the end before the reading thread looks at the socket again."""
    bus = open_bus(link)
    watch, reply = bus.watch(ID), bus.reply_to_remote(frame())
    drained = BcmReceiver.drained
    errors: list[BaseException | None] = []

    def just_then(receiver: BcmReceiver) -> None:
        if not errors:
            delete_link(link)
            errors.append(Worker(lambda: reply.modify_data(frame(b"\1"))).error())
        drained(receiver)

    monkeypatch.setattr(BcmReceiver, "drained", just_then)
    bus.watch(ID + 1).stop()  # wakes it
    eventually(lambda: bool(errors), "the sender's error")
    assert isinstance(errors[0], can.CanOperationError)
    told = event(watch)
    if told.kind is LINK_DOWN:
        told = event(watch)
    assert told.kind is GONE
    with pytest.raises(can.CanChannelNotFoundError):
        watch.get(0)


def test_a_watch_begins_anew_on_a_link_that_came_back(link: str, open_bus: OpenBus) -> None:
    bus = open_bus(link)
    first = bus.watch(ID)
    delete_link(link)
    eventually(lambda: first.done, "the end")
    create_vcan(link)
    bus.reopen()
    other = open_bus(link)
    with bus.watch(ID) as watch:
        other.send(frame(b"\1"))
        assert content(event(watch)) == b"\1"
    with bus.reply_to_remote(frame(b"\2")):
        other.send(can.Message(arbitration_id=ID, is_extended_id=False, is_remote_frame=True))
        answer = other.recv(10)
        assert answer is not None
        assert bytes(answer.data) == b"\2"


def test_a_link_that_is_down_at_the_call_is_an_error_and_nothing_stays_open(
    vcan: str, open_bus: OpenBus
) -> None:
    bus = open_bus()
    set_down(vcan)
    before, threads = descriptors(), reading_threads()
    with pytest.raises(can.CanLinkDownError, match=vcan) as down:
        bus.watch(ID)
    assert down.value.hint
    with pytest.raises(can.CanLinkDownError, match=vcan):
        bus.reply_to_remote(frame())
    assert (descriptors(), reading_threads()) == (before, threads)
    set_up(vcan)
    bus.watch(ID).stop()


# -- all links ----------------------------------------------------------------------------


def test_a_bus_on_all_links_watches_them_all(vcan: str, link: str, open_bus: OpenBus) -> None:
    both, here, there = open_bus(""), open_bus(vcan), open_bus(link)
    with both.watch(ID) as watch:
        for number in range(3):
            here.send(frame(bytes([number])))
            there.send(frame(bytes([100 + number])))
        told = [event(watch) for _ in range(6)]
        assert [got.message.channel for got in told if got.message] == [vcan, link] * 3
        assert [content(got)[0] for got in told] == [0, 100, 1, 101, 2, 102]


def test_a_bus_on_all_links_watches_one_of_them_by_name(
    vcan: str, link: str, open_bus: OpenBus
) -> None:
    both, here, there = open_bus(""), open_bus(vcan), open_bus(link)
    with both.watch(ID, channel=link) as watch, both.watch(LAST_ID, channel=link) as last:
        here.send(frame(b"\1"))
        there.send(frame(b"\2"))
        (told,) = until_now(there, watch, last)
        assert (content(told), told.message and told.message.channel) == (b"\2", link)
        set_down(link)
        assert event(watch).kind is LINK_DOWN
        with pytest.raises(can.CanLinkDownError, match=link):
            both.watch(ID + 1, channel=link)
        with both.watch(ID + 1, channel=vcan) as beside:
            here.send(frame(b"\3", ID + 1))
            assert content(event(beside)) == b"\3"
    with pytest.raises(can.CanChannelNotFoundError, match="nope0"):
        both.watch(ID, channel="nope0")


@pytest.mark.parametrize("wrong", ["vcan99", 3, b"vcan0", ""])
def test_a_bus_on_one_link_watches_no_other(vcan: str, open_bus: OpenBus, wrong: object) -> None:
    bus = open_bus()
    with pytest.raises(can.CanConfigError, match="cannot watch channel") as refused:
        bus.watch(ID, channel=wrong)
    assert vcan in str(refused.value)
    assert refused.value.hint
    bus.watch(ID, channel=vcan).stop()


@pytest.mark.parametrize("wrong", [3, b"vcan0", "a/b", "x" * 16, "two words", "\0"])
def test_what_can_be_no_link_is_refused(open_bus: OpenBus, wrong: object) -> None:
    with pytest.raises(can.CanError):
        open_bus("").watch(ID, channel=wrong)


def test_on_all_links_an_answer_needs_one(vcan: str, link: str, open_bus: OpenBus) -> None:
    both, here, there = open_bus(""), open_bus(vcan), open_bus(link)
    with pytest.raises(can.CanConfigError, match="channel"):
        both.reply_to_remote(frame())
    answer = can.Message(arbitration_id=ID, is_extended_id=False, data=b"\7", channel=vcan)
    asking = can.Message(arbitration_id=ID, is_extended_id=False, is_remote_frame=True)
    with both.reply_to_remote(answer):
        there.send(asking)
        here.send(asking)
        got = here.recv(10)
        assert got is not None
        assert bytes(got.data) == b"\7"
        assert there.recv(0) is None
