"""plan() and apply() on real drivers: what the model of tests/unit/links says, they do."""

from __future__ import annotations

import subprocess

import pytest

from canbus import links
from canbus.errors import CanLinkError
from canbus.link_config import LinkConfig
from canbus.links import apply, plan
from canbus.links.plan import settings_of
from tests.hardware.network import ip, link_down
from tests.scale import SOAK
from tests.unit.links.model_kernel import ModelError, made_of

WISHES = [
    LinkConfig(bitrate=500_000, up=True),
    LinkConfig(bitrate=500_000, sample_point=75.0),
    LinkConfig(bitrate=83_000, up=True),
    LinkConfig(bitrate=12_345, sample_point=61.8),
    LinkConfig(sample_point=80.0, up=True),
    LinkConfig(bitrate=1_000_000, listen_only=True, restart_ms=100),
    LinkConfig(restart_ms=0, listen_only=False, txqueuelen=33),
    LinkConfig(tq=250, prop_seg=5, phase_seg1=6, phase_seg2=4, up=False),
    LinkConfig(bitrate=125_000, sjw=2, up=True),
    LinkConfig(bitrate=250_000, up=True),
]
FD_WISHES = [
    LinkConfig(bitrate=500_000, fd=True, data_bitrate=2_000_000, up=True),
    LinkConfig(data_bitrate=4_000_000, data_sample_point=70.0),
    LinkConfig(bitrate=250_000),
    LinkConfig(fd=False, termination=120),
    LinkConfig(bitrate=1_000_000, fd=True, data_bitrate=5_000_000, termination=0, up=True),
]
RATES = [10_000, 12_345, 33_333, 50_000, 83_333, 100_000, 125_000, 250_000, 500_000, 615_000,
         800_000, 1_000_000, 3_000_000]  # fmt: skip


@pytest.fixture(params=["kvaser", "pcan_usb", "gs_usb"])
def name(request):
    if request.param == "kvaser":
        name = request.getfixturevalue("controllers")[0]
    else:
        name = request.getfixturevalue(request.param).netdevs[0]
    link_down(name)
    yield name
    link_down(name)
    for mode in ("listen-only", "fd"):
        subprocess.run(["ip", "link", "set", name, "type", "can", mode, "off"], check=False)
    ip("link", "set", name, "txqueuelen", "10")
    ip("link", "set", name, "type", "can", "bitrate", "500000")
    subprocess.run(["ip", "link", "set", name, "type", "can", "restart-ms", "0"], check=False)
    if request.param == "kvaser":
        ip("link", "set", name, "up")  # as the other tests have it


def test_wishes_are_reached_one_after_the_other_and_second_plans_are_empty(name):
    is_fd = name_of_driver(name) == "gs_usb"
    # Reading a candleLight asks its firmware, which an emulated one takes its time for.
    some = WISHES[:: 3 if SOAK == 1 else 1] + FD_WISHES if is_fd else WISHES
    for wish in some:
        before = links.get_link(name)
        done = apply(name, wish)
        refused = {refusal.setting for refusal in done.refused}
        assert refused <= ({"restart_ms"} if is_fd else set())
        left = [step for step in plan(done.after, wish) if step.action not in refused]
        assert not [step for step in left if step.action not in {"down", "up"}], wish
        assert apply(name, wish).steps == ()
        assert done.after.is_up == (before.is_up if wish.up is None else wish.up)
        if wish.bitrate is not None:
            assert abs(done.after.bitrate - wish.bitrate) <= wish.bitrate / 20


def name_of_driver(name):
    return links.get_link(name).device.driver


def test_the_model_comes_to_the_timing_that_the_kernel_comes_to(name):
    link = links.get_link(name)
    step = {"gs_usb": 12, "peak_usb": 3}.get(name_of_driver(name), 1) if SOAK == 1 else 1
    for rate in RATES[::step]:  # the same code of the kernel whatever the driver
        for point in (None, 60.0, 80.0):
            wish = LinkConfig(bitrate=rate, sample_point=point)
            try:
                expected = made_of(link.clock, link.bit_timing_limits, dict(wish.given()))
            except ModelError:
                with pytest.raises(CanLinkError):
                    apply(name, wish)
                continue
            apply(name, LinkConfig(bitrate=444_444))  # so that there is something to change
            timing = apply(name, wish).after.bit_timing
            assert timing == expected, wish


def test_a_link_is_brought_back_to_what_it_was(name):
    apply(name, LinkConfig(bitrate=125_000, sample_point=80.0, listen_only=True, up=True))
    before = links.get_link(name)
    apply(name, LinkConfig(bitrate=500_000, listen_only=False, up=False))
    apply(name, settings_of(before))
    after = links.get_link(name)
    assert after.bit_timing._replace(tq=0) == before.bit_timing._replace(tq=0)
    assert (after.modes, after.is_up) == (before.modes, before.is_up)
