"""Where nothing is detected, and nothing touched; and that nobody else does meanwhile."""

from __future__ import annotations

from dataclasses import replace

import pytest

import canbus as can
from canbus.bringup import keepers
from canbus.bringup.detect import detect_bitrate, refusing
from canbus.bringup.detect.refusing import alone
from canbus.link_info import LinkDevice, LinkTiming
from tests.unit.detect.fake_bus import DOWN, FakeBus

SERIAL = replace(DOWN, bit_timing_limits=None, bitrate_choices=(250_000, 500_000))
UNKNOWN = LinkTiming(0xFFFFFFFF, 0, 0, 0, 0, 0, 0, 0)  # what slcand has set


@pytest.mark.parametrize(
    ("link", "complaint"),
    [
        (replace(DOWN, kind="vcan"), "vcan link: it has no bit rate"),
        (replace(DOWN, kind="vxcan"), "vxcan link: it has no bit rate"),
        (replace(DOWN, bit_timing_limits=None), "the kernel does not set it"),
        (replace(SERIAL, bit_timing=UNKNOWN, is_up=True), "could not be put back"),
        (replace(SERIAL, bit_timing=None), "could not be put back"),
        (replace(DOWN, bit_timing=None, is_up=True), "could not be put back"),
        (replace(DOWN, supported_modes=frozenset()), "no listen-only mode"),
    ],
)
def test_a_link_that_cannot_is_refused(monkeypatch, link, complaint):
    bus = FakeBus(link).install(monkeypatch)
    with pytest.raises(can.CanUnsupportedError, match=complaint) as info:
        detect_bitrate("can0")
    assert info.value.hint
    assert (bus.events, bus.changes, bus.listened) == ([], [], [])


def test_the_driver_is_named():
    link = replace(DOWN, device=LinkDevice("mcp251x"))
    assert "its driver mcp251x has no" in str(refusing.no_listening(link))


def test_no_such_link(monkeypatch):
    FakeBus(DOWN).install(monkeypatch)
    with pytest.raises(can.CanLinkNotFoundError):
        detect_bitrate("can1")


def test_without_rights_nothing_is_touched(monkeypatch):
    bus = FakeBus(DOWN).install(monkeypatch)
    monkeypatch.setattr(refusing, "has_capability", lambda name: False)
    with pytest.raises(can.CanLinkPermissionError, match="CAP_NET_ADMIN"):
        detect_bitrate("can0")
    assert (bus.events, bus.changes, bus.listened) == ([], [], [])


def test_a_link_that_is_kept_up_is_left_to_its_keeper(monkeypatch):
    class Kept:
        pid, what = 42, "serial adapter /dev/ttyACM0"

    bus = FakeBus(DOWN).install(monkeypatch)
    monkeypatch.setattr(keepers, "find", lambda name: Kept())
    with pytest.raises(can.CanLinkError, match=r"process 42 .*ttyACM0") as info:
        detect_bitrate("can0")
    assert info.value.hint == "stop that first: canbus down can0"
    assert bus.events == []


def test_only_one_at_a_time(monkeypatch):
    bus = FakeBus(DOWN).install(monkeypatch)
    with alone(DOWN), pytest.raises(can.CanLinkError, match="another process is detecting"):
        detect_bitrate("can0")
    assert bus.events == []
    assert detect_bitrate("can0").bitrate == 125_000
