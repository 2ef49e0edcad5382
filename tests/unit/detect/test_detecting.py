"""The order of things: never up but to listen, guarded before, put back after, whatever happens."""

from __future__ import annotations

import errno
from dataclasses import replace

import pytest

import canbus as can
from canbus.bringup.detect import COMMON_BITRATES, Verdict, detect_bitrate
from canbus.errors import CanLinkError
from canbus.link_info import LinkTiming
from tests.unit.detect.fake_bus import DOWN, MODERN, NEW, FakeBus
from tests.unit.links.fake_linux import FakeNetlinkError

UP = replace(DOWN, is_up=True)
NORMAL_UP = replace(UP, restart_ms=100, txqueuelen=77, modes=frozenset({"one_shot"}))
WITH_FD = replace(
    UP,
    supported_modes=MODERN | {"fd"},
    mtu=72,
    modes=frozenset({"fd", "loopback"}),
    data_bit_timing=LinkTiming(1_000_000, 75.0, 125, 2, 3, 2, 1, 1),
)
STATES = [DOWN, UP, NORMAL_UP, WITH_FD, replace(DOWN, modes=frozenset({"listen_only"}))]


@pytest.fixture
def bus(monkeypatch):
    return FakeBus(DOWN).install(monkeypatch)


def wrong(bus):
    """Times it was up and could have disturbed, while it was not as before."""
    at = bus.events.index("guarded")
    return [event for event in bus.events[at:] if event.endswith("talking")]


@pytest.mark.parametrize("bitrate", COMMON_BITRATES)
def test_each_common_rate_is_found_and_it_only_ever_listens(bus, bitrate):
    bus.bitrate = bitrate
    found = detect_bitrate("can0")
    assert found.bitrate == bitrate
    assert found.heard[-1][1] is Verdict.RIGHT
    assert all("listen_only" in modes for _, modes, _ in bus.listened)
    assert wrong(bus) == []
    assert bus.events[0] == "guarded"
    assert bus.events[-1] == "dismissed"
    assert bus.links["can0"] == DOWN


def test_what_was_heard_is_reported_line_by_line(bus):
    lines: list[str] = []
    bus.bitrate = 250_000
    detect_bitrate("can0", bitrates=[125_000, 250_000, 15_000_000], report=lines.append)
    assert lines == [
        "15 Mbit/s: not tried: the controller comes no nearer than 2666666 bit/s",
        "125 kbit/s: no frames, 5 errors: wrong",
        "250 kbit/s: 3 frames, no errors: right",
    ]


@pytest.mark.parametrize("before", STATES)
def test_all_of_the_old_state_comes_back(bus, before):
    bus.links["can0"] = before
    assert detect_bitrate("can0", bitrates=[250_000, 125_000]).bitrate == 125_000
    assert bus.links["can0"] == before
    assert len(wrong(bus)) == (before.is_up and "listen_only" not in before.modes)


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize(
    ("failure", "seen"),
    [(FakeNetlinkError(5), CanLinkError), (KeyboardInterrupt(), KeyboardInterrupt)],
)
def test_whichever_change_fails_it_comes_back(monkeypatch, before, failure, seen):
    failed = 0
    while True:
        failed += 1
        bus = FakeBus(before).install(monkeypatch)
        bus.bitrate = 10_000

        def fail(number, at=failed, bus=bus):
            if number == at:
                bus.at_change = lambda number: None
                raise failure

        bus.at_change = fail
        try:
            detect_bitrate("can0", bitrates=[250_000, 125_000])
        except seen:
            pass
        else:
            break
        assert bus.links["can0"] == before, f"change {failed}"
    assert failed > 6


@pytest.mark.parametrize("visit", [1, 2, 3])
@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("failure", [can.CanLinkDownError("down"), KeyboardInterrupt()])
def test_whenever_listening_fails_it_comes_back(bus, before, visit, failure):
    def fail(number):
        if number == visit:
            raise failure

    bus.links["can0"] = before
    bus.bitrate, bus.at_visit = 0, fail
    with pytest.raises(type(failure)):
        detect_bitrate("can0", bitrates=[500_000, 125_000])
    assert bus.links["can0"] == before


def test_it_is_not_brought_up_at_a_wrong_rate_if_the_old_one_is_refused(bus):
    def deny(number):
        bus.deny["timing"] = errno.EIO

    bus.links["can0"] = UP
    bus.at_visit = lambda number: number == 2 and deny(number)
    with pytest.raises(CanLinkError, match="could not be put back as it was"):
        detect_bitrate("can0", bitrates=[500_000, 125_000])
    assert wrong(bus) == []
    assert not bus.links["can0"].is_up


def test_ctrl_c_while_it_is_put_back_leaves_that_to_the_guardian(bus):
    def interrupt(number):
        raise KeyboardInterrupt

    def fail(number):
        bus.at_change = interrupt
        raise can.CanLinkDownError("down")

    bus.links["can0"] = UP
    bus.at_visit = fail
    with pytest.raises(KeyboardInterrupt):
        detect_bitrate("can0", bitrates=[125_000])
    assert bus.events[-1] == "left to the guardian"
    assert bus.links["can0"] == UP


def test_what_could_not_be_put_back_is_an_error_or_a_note_of_one(bus):
    def deny(number):
        bus.deny["up"] = errno.EIO

    bus.links["can0"] = replace(UP, bit_timing=DOWN.bit_timing)
    bus.bitrate, bus.at_visit = 250_000, lambda number: number == 2 and deny(number)
    with pytest.raises(CanLinkError, match="could not be put back as it was") as info:
        detect_bitrate("can0", bitrates=[500_000, 250_000])
    assert "canbus show can0" in str(info.value.hint)

    def deny_and_fail(number):
        deny(number)
        raise can.CanLinkDownError("down")

    bus.deny.clear()
    bus.links["can0"] = UP
    bus.at_visit = lambda number: number == 4 and deny_and_fail(number)
    with pytest.raises(can.CanLinkDownError) as other:
        detect_bitrate("can0", bitrates=[500_000, 250_000])
    assert any("could not be put back" in note for note in other.value.__notes__)


def test_a_first_bit_rate_stays_as_the_kernel_takes_none_back(bus):
    bus.links["can0"] = NEW
    assert detect_bitrate("can0", bitrates=[125_000]).bitrate == 125_000
    after = bus.links["can0"]
    assert replace(after, bit_timing=None) == NEW
    assert after.bitrate == 125_000


def test_at_the_right_rate_already_nothing_is_touched(bus):
    bus.links["can0"] = replace(UP, modes=frozenset())
    bus.bitrate = 500_000
    found = detect_bitrate("can0")
    assert (found.bitrate, bus.events, bus.changes) == (500_000, [], [])


def test_silence_is_tried_again_for_longer_each_round(bus):
    bus.bitrate = 0
    found = detect_bitrate("can0", bitrates=[125_000, 250_000], dwell=0.5, rounds=3)
    assert found.bitrate is None
    assert [round(one.seconds, 1) for one, _ in found.heard] == [0.5, 0.5, 1.0, 1.0, 2.0, 2.0]
    assert {verdict for _, verdict in found.heard} == {Verdict.SILENT}
    assert "nobody talks" in str(found.hint)


def test_errors_everywhere_end_the_search(bus):
    bus.bitrate = 83_333
    found = detect_bitrate("can0")
    assert found.bitrate is None
    assert len(found.heard) == len(COMMON_BITRATES)
    assert "somebody talks, but at none of these rates" in str(found.hint)


def test_a_deaf_controller_finds_it_all_the_same(bus):
    bus.bitrate, bus.is_deaf = 10_000, True
    assert detect_bitrate("can0", dwell=0.1).bitrate == 10_000


def test_what_was_not_tried_for_want_of_time_is_told(bus):
    found = detect_bitrate("can0", timeout=1e-9)
    assert (found.bitrate, found.untried) == (None, COMMON_BITRATES)
    assert "there was no time for 500 kbit/s" in str(found.hint)


def test_a_rate_that_the_kernel_refuses_is_told_and_the_others_are_tried(bus):
    def refuse(number):
        if number == 1:
            raise FakeNetlinkError(errno.EDOM)

    bus.at_change = refuse
    found = detect_bitrate("can0", bitrates=[800_000, 125_000])
    assert found.bitrate == 125_000
    assert [one.bitrate for one in found.impossible] == [800_000]


class Liar(FakeBus):
    """A driver that takes listen-only and does not have it."""

    def listen(self, link, bitrate, enough, *, is_fresh):
        raise AssertionError("it was brought up")

    def _session(self):
        session = super()._session()
        inner = session.link

        def link(command, **facts):
            inner(command, **facts)
            now = self.links["can0"]
            self.links["can0"] = replace(now, modes=now.modes - {"listen_only"})

        session.link = link
        return session


def test_what_was_not_read_back_is_never_brought_up(monkeypatch):
    bus = Liar(DOWN).install(monkeypatch)
    with pytest.raises(CanLinkError, match="listen-only mode is off"):
        detect_bitrate("can0")
    assert not any(event.startswith("up") for event in bus.events)
    assert bus.links["can0"] == DOWN


def test_an_old_kernel_is_asked_for_listen_only_and_its_no_is_told(bus):
    bus.links["can0"] = before = replace(DOWN, supported_modes=None)
    bus.modes = frozenset({"loopback"})
    with pytest.raises(can.CanUnsupportedError, match="no listen-only mode") as info:
        detect_bitrate("can0")
    assert info.value.hint
    assert bus.links["can0"] == before


def test_an_old_kernel_without_error_reporting_listens_without(bus):
    bus.links["can0"] = replace(DOWN, supported_modes=None)
    bus.modes = frozenset({"listen_only"})
    assert detect_bitrate("can0").bitrate == 125_000


def test_another_link_of_the_same_name_is_left_alone(bus):
    def replug(number):
        bus.links["can0"] = replace(DOWN, index=DOWN.index + 1)

    bus.bitrate, bus.at_visit = 0, replug
    with pytest.raises(can.CanLinkNotFoundError, match="is gone") as info:
        detect_bitrate("can0", bitrates=[125_000, 250_000])
    assert any("gone" in note for note in info.value.__notes__)
    assert bus.links["can0"] == replace(DOWN, index=DOWN.index + 1)


@pytest.mark.parametrize(
    "arguments",
    [{"dwell": 0}, {"timeout": -1}, {"dwell": float("nan")}, {"bitrates": []}, {"rounds": 0},
     {"bitrates": [0]}],
)  # fmt: skip
def test_arguments_of_no_sense_are_refused(bus, arguments):
    with pytest.raises(can.CanConfigError):
        detect_bitrate("can0", **arguments)
    assert bus.events == []
