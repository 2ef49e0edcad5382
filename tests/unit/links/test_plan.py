"""plan(): from any state to the wanted one, and then nothing more to do. Over a model kernel."""

from __future__ import annotations

import errno
from dataclasses import replace

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from canbus.errors import CanConfigError, CanUnsupportedError
from canbus.link_config import LinkConfig, without
from canbus.link_info import MODES, LinkInfo, LinkTiming, TimingLimits
from canbus.links.plan import plan, settings_of, unsupported
from tests.unit.links.model_kernel import COARSE, GS_USB, SJA1000, UNSET, ModelError, take

BLANK = LinkInfo(
    "can0", 3, "can", False, 16, clock=8_000_000,
    bit_timing_limits=TimingLimits(*SJA1000), data_bit_timing_limits=TimingLimits(*SJA1000),
    restart_ms=0, termination=0, termination_choices=(0, 120),
)  # fmt: skip
VCAN = LinkInfo("vcan0", 4, "vcan", False, 72)
AT_500K = replace(BLANK, bit_timing=LinkTiming(500_000, 87.5, 125, 6, 7, 2, 1, 1))

CONTROLLERS = [
    replace(BLANK, clock=clock, bit_timing_limits=TimingLimits(*limits),
            data_bit_timing_limits=TimingLimits(*limits))
    for clock, limits in [(8_000_000, SJA1000), (48_000_000, GS_USB), (80_000_000, GS_USB),
                          (40_000_000, COARSE)]
]  # fmt: skip
BITRATES = [10_000, 12_345, 50_000, 83_333, 125_000, 250_000, 500_000, 800_000, 1_000_000]
SWITCHES = [name for name in MODES if name not in {"fd", "fd_non_iso"}]


def run(link, wanted, **model):
    """The link after all steps of a plan, and the steps."""
    steps = plan(link, wanted)
    for step in steps:
        link = take(link, step, **model)
    return link, steps


def actions(link, wanted):
    return [step.action for step in plan(link, wanted)]


# -- any state, any wish ------------------------------------------------------------------

maybe_bool = st.none() | st.booleans()
rates = st.sampled_from(BITRATES)
points = st.none() | st.sampled_from([60.0, 75.0, 80.0, 83.3, 87.5])


@st.composite
def wishes(draw):
    settings = {name: draw(maybe_bool) for name in SWITCHES}
    settings["fd"] = draw(maybe_bool)
    settings["bitrate"] = draw(st.none() | rates)
    settings["sample_point"] = draw(points)
    settings["sjw"] = draw(st.none() | st.integers(1, 9))
    if settings["fd"]:
        settings["data_bitrate"] = draw(st.none() | rates)
        settings["data_sample_point"] = draw(points)
    settings["restart_ms"] = draw(st.none() | st.sampled_from([0, 1, 100]))
    settings["termination"] = draw(st.sampled_from([None, 0, 120]))
    settings["txqueuelen"] = draw(st.sampled_from([None, 10, 1000]))
    settings["up"] = draw(maybe_bool)
    return LinkConfig(**settings)


def reach(link, wanted):
    """The link as wanted, or no example: an impossible wish."""
    try:
        return run(link, wanted)[0]
    except CanConfigError:
        reject()
    except ModelError as exc:
        if exc.code == errno.EBUSY:  # the plan was wrong, not the wish
            raise
        reject()


@given(st.sampled_from(CONTROLLERS), wishes(), wishes())
def test_a_second_plan_is_empty_from_any_state(link, first, second):
    link = reach(link, first)
    link = reach(link, second)
    assert plan(link, second) == ()


@given(st.sampled_from(CONTROLLERS), wishes(), wishes())
def test_what_was_asked_for_is_in_force_afterwards_and_the_rest_as_before(link, first, second):
    before = reach(link, first)
    after = reach(before, second)
    for name in SWITCHES:
        asked = getattr(second, name)
        assert (name in after.modes) == (name in before.modes if asked is None else asked)
    for name in ("restart_ms", "termination", "txqueuelen"):
        asked = getattr(second, name)
        assert getattr(after, name) == (getattr(before, name) if asked is None else asked)
    assert after.fd == (before.fd if second.fd is None else second.fd)
    assert after.is_up == (before.is_up if second.up is None else second.up)
    if second.bitrate is not None:
        assert abs(after.bitrate - second.bitrate) <= second.bitrate / 20
    elif second.sample_point is second.sjw is None:
        # tq on kernel 6.1 stays as it was given, so not the whole timing
        assert after.bitrate == before.bitrate


@given(st.sampled_from(CONTROLLERS), wishes(), wishes())
def test_settings_of_a_link_bring_it_back(link, first, second):
    before = reach(link, first)
    assume(before.bitrate is not None)
    changed = reach(before, second)
    back, _ = run(changed, settings_of(before))
    assert back.modes == before.modes
    assert (back.is_up, back.mtu, back.restart_ms) == (before.is_up, before.mtu, before.restart_ms)
    assert back.bit_timing._replace(tq=0) == before.bit_timing._replace(tq=0)
    assert plan(back, settings_of(before)) == ()


@given(
    st.sampled_from([16, 72, 2060]), st.booleans(), maybe_bool, maybe_bool, maybe_bool
)  # fmt: skip
def test_a_virtual_link_gets_the_mtu_for_what_is_wanted(mtu, is_up, fd, xl, up):
    assume(not (xl and fd is False))
    wanted = LinkConfig(fd=fd, xl=xl, up=up)
    after, _ = run(replace(VCAN, mtu=mtu, is_up=is_up), wanted)
    if fd is not None:
        assert after.fd == fd
    if xl is not None:
        assert after.xl == xl
    if fd is xl is None:
        assert after.mtu == mtu
    assert plan(after, wanted) == ()


# -- the steps ----------------------------------------------------------------------------


def test_a_fresh_controller_is_set_and_brought_up():
    assert [step.command() for step in plan(BLANK, LinkConfig(bitrate=500_000, up=True))] == [
        ("ip", "link", "set", "dev", "can0", "type", "can", "bitrate", "500000"),
        ("ip", "link", "set", "dev", "can0", "up"),
    ]


def test_a_link_that_is_up_goes_down_for_another_bit_rate_and_up_again():
    link = replace(AT_500K, is_up=True)
    assert actions(link, LinkConfig(bitrate=250_000)) == ["down", "timing", "up"]


def test_the_queue_and_the_termination_change_while_it_is_up():
    link = replace(AT_500K, is_up=True)
    assert actions(link, LinkConfig(txqueuelen=100, termination=120)) == [
        "termination",
        "txqueuelen",
    ]


def test_every_mode_is_a_step_of_its_own_so_that_a_refusal_has_a_name():
    wanted = LinkConfig(listen_only=True, berr_reporting=True, restart_ms=100)
    assert actions(AT_500K, wanted) == ["listen_only", "berr_reporting", "restart_ms"]


def test_fd_comes_in_one_request_with_both_timings():
    (step,) = plan(AT_500K, LinkConfig(fd=True, data_bitrate=2_000_000))
    assert " ".join(step.command()) == (
        "ip link set dev can0 type can tq 125 prop-seg 6 phase-seg1 7 phase-seg2 2 sjw 1 "
        "dbitrate 2000000 fd on"
    )


def test_sample_points_are_percent_here_and_a_fraction_there():
    (step,) = plan(BLANK, LinkConfig(bitrate=500_000, sample_point=87.5))
    assert " ".join(step.command()).endswith("bitrate 500000 sample-point 0.875")


def test_the_jump_width_alone_leaves_the_rest_of_the_bit_as_it_is():
    at = replace(BLANK, bit_timing=LinkTiming(500_000, 75.0, 125, 5, 6, 4, 1, 1))
    for wanted in (LinkConfig(sjw=2), LinkConfig(bitrate=500_000, sjw=2)):
        (step,) = plan(at, wanted)
        assert dict(step.settings) == {
            "tq": 125, "prop_seg": 5, "phase_seg1": 6, "phase_seg2": 4, "sjw": 2,
        }  # fmt: skip
    after, _ = run(at, LinkConfig(sjw=2))
    assert after.bit_timing == at.bit_timing._replace(sjw=2)


def test_the_same_rate_asked_for_again_with_fd_leaves_the_sample_point():
    at = replace(BLANK, bit_timing=LinkTiming(500_000, 75.0, 125, 5, 6, 4, 1, 1))
    after, _ = run(at, LinkConfig(bitrate=500_000, fd=True, data_bitrate=1_000_000))
    assert after.bit_timing.sample_point == 75.0


def test_a_rate_that_the_controller_only_comes_near_to_counts_as_reached():
    link, _ = run(BLANK, LinkConfig(bitrate=83_000))
    assert link.bitrate == 83_333
    assert plan(link, LinkConfig(bitrate=83_000)) == ()


def test_a_rate_near_the_wanted_one_is_set_anew_if_the_controller_can_come_nearer():
    link = replace(AT_500K, bit_timing=AT_500K.bit_timing._replace(bitrate=499_000))
    assert actions(link, LinkConfig(bitrate=500_000)) == ["timing"]


def test_a_link_whose_rate_the_kernel_does_not_know_comes_up_without_one():
    slcan = LinkInfo("can0", 3, "can", False, 16, bit_timing=UNSET._replace(bitrate=0xFFFFFFFF))
    assert actions(slcan, LinkConfig(up=True)) == ["up"]


def test_a_driver_with_a_list_of_rates_has_them_exactly():
    slcan = replace(
        BLANK, bit_timing_limits=None, bitrate_choices=(125_000, 500_000), clock=None,
        bit_timing=UNSET._replace(bitrate=125_000),
    )  # fmt: skip
    assert plan(slcan, LinkConfig(bitrate=125_000)) == ()
    assert actions(slcan, LinkConfig(bitrate=500_000)) == ["timing"]


def test_what_such_a_driver_does_not_look_at_is_known_not_to_be_taken():
    slcan = replace(BLANK, bit_timing_limits=None, bitrate_choices=(125_000, 500_000), clock=None)
    wanted = LinkConfig(bitrate=500_000, sample_point=80.0, sjw=2, up=True)
    assert [refusal.setting for refusal in unsupported(slcan, wanted)] == ["sample_point", "sjw"]
    link, _ = run(slcan, wanted)
    assert plan(link, wanted) == ()


# -- what cannot be -----------------------------------------------------------------------


def test_a_controller_without_a_bit_rate_cannot_come_up():
    with pytest.raises(CanConfigError, match="can0 has no bit rate yet") as caught:
        plan(BLANK, LinkConfig(up=True))
    assert "bitrate=500000" in caught.value.hint


def test_fd_needs_a_data_bit_rate():
    with pytest.raises(CanConfigError, match="no data_bitrate yet, which CAN FD needs"):
        plan(AT_500K, LinkConfig(fd=True))


def test_a_data_bit_rate_needs_fd():
    with pytest.raises(CanConfigError, match="data_bitrate is for CAN FD") as caught:
        plan(AT_500K, LinkConfig(data_bitrate=2_000_000))
    assert "fd=True" in caught.value.hint


def test_a_sample_point_needs_a_bit_rate():
    with pytest.raises(CanConfigError, match="no bitrate yet"):
        plan(BLANK, LinkConfig(sample_point=80.0))


def test_a_controller_has_no_xl():
    with pytest.raises(CanUnsupportedError, match="CAN XL"):
        plan(AT_500K, LinkConfig(xl=True))


def test_a_virtual_link_has_no_controller_to_set():
    wanted = LinkConfig(bitrate=500_000, restart_ms=100, listen_only=False, fd=True, up=True)
    assert [refusal.setting for refusal in unsupported(VCAN, wanted)] == ["bitrate", "restart_ms"]
    assert actions(VCAN, wanted) == ["up"]


def test_modes_that_the_driver_says_it_lacks_are_known_before():
    link = replace(AT_500K, supported_modes=frozenset({"listen_only"}))
    wanted = LinkConfig(listen_only=True, berr_reporting=True, one_shot=False)
    assert [refusal.setting for refusal in unsupported(link, wanted)] == ["berr_reporting"]
    assert actions(link, wanted) == ["listen_only"]


# -- values -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"bitrate": 0}, "bitrate=0 is not 1 to"),
        ({"bitrate": "500k"}, "not a whole number"),
        ({"bitrate": True}, "not a whole number"),
        ({"bitrate": 5e5}, "not a whole number"),
        ({"sample_point": 0.875}, "in percent here"),
        ({"sample_point": 100}, "no place inside a bit"),
        ({"sample_point": "80"}, "not a number"),
        ({"restart_ms": -1}, "restart_ms=-1"),
        ({"fd": 1}, "is not True or False"),
        ({"tq": 125}, "tq needs prop_seg and phase_seg1 and phase_seg2"),
        ({"prop_seg": 6}, "prop_seg needs tq"),
        ({"bitrate": 1, "tq": 1, "prop_seg": 1, "phase_seg1": 1, "phase_seg2": 1}, "contradict"),
        ({"xl": True, "fd": False}, "contradict"),
        ({"fd": False, "data_bitrate": 1}, "data_bitrate is for CAN FD"),
    ],
)
def test_values_that_make_no_sense_are_refused_by_name(settings, words):
    with pytest.raises(CanConfigError, match=words):
        LinkConfig(**settings)


def test_a_fraction_is_told_in_percent():
    with pytest.raises(CanConfigError) as caught:
        LinkConfig(sample_point=0.875)
    assert caught.value.hint == "write sample_point=87.5"


def test_settings_can_be_left_out():
    assert without(LinkConfig(bitrate=1, restart_ms=2), "restart_ms") == LinkConfig(bitrate=1)
