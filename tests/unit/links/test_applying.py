"""apply(): what is done, what is refused and reported, and that a failure leaves no trace."""

from __future__ import annotations

import errno
from dataclasses import replace

import pytest

from canbus.errors import CanConfigError, CanLinkError, CanLinkPermissionError
from canbus.link_config import LinkConfig
from canbus.link_info import MODES, LinkDevice
from canbus.links import apply
from tests.unit.links.fake_linux import FakeLinux
from tests.unit.links.test_plan import AT_500K, BLANK, VCAN

UP_500K = replace(AT_500K, is_up=True)


@pytest.fixture
def linux(monkeypatch):
    return FakeLinux(BLANK).install(monkeypatch)


def test_a_fresh_controller_comes_up_as_wanted(linux):
    done = apply("can0", LinkConfig(bitrate=500_000, restart_ms=100, up=True))
    assert linux.changes == ["timing", "restart_ms", "up"]
    assert [step.action for step in done.steps] == linux.changes
    assert (done.before, done.after.bitrate, done.after.restart_ms) == (BLANK, 500_000, 100)
    assert done.after.is_up
    assert done.refused == ()


def test_the_second_time_nothing_is_changed(linux):
    wanted = LinkConfig(bitrate=500_000, sample_point=80.0, listen_only=True, up=True)
    apply("can0", wanted)
    linux.changes.clear()
    done = apply("can0", wanted)
    assert (done.steps, linux.changes) == ((), [])
    assert done.after == done.before


def test_a_setting_that_the_driver_refuses_is_reported_and_the_link_comes_up(linux):
    linux.has_restart = False
    done = apply("can0", LinkConfig(bitrate=500_000, restart_ms=100, txqueuelen=50, up=True))
    (refused,) = done.refused
    assert (refused.setting, refused.value) == ("restart_ms", 100)
    assert "driver" in refused.why
    assert done.after.is_up
    assert done.after.txqueuelen == 50


def test_a_refused_setting_does_not_take_a_link_down_that_is_up(linux):
    linux.has_restart = False
    linux.links["can0"] = UP_500K
    done = apply("can0", LinkConfig(bitrate=500_000, restart_ms=100, up=True))
    assert [refusal.setting for refusal in done.refused] == ["restart_ms"]
    assert linux.changes == []


def test_a_setting_that_the_driver_takes_is_set_although_the_link_was_up(linux):
    linux.links["can0"] = UP_500K
    apply("can0", LinkConfig(restart_ms=100))
    assert linux.changes == ["down", "restart_ms", "up"]


def test_several_refusals_are_each_told(linux):
    linux.modes = frozenset()
    linux.links["can0"] = replace(BLANK, termination_choices=())
    wanted = LinkConfig(
        bitrate=500_000, one_shot=True, berr_reporting=True, termination=120, up=True
    )
    done = apply("can0", wanted)
    assert [refusal.setting for refusal in done.refused] == [
        "one_shot",
        "berr_reporting",
        "termination",
    ]
    assert done.after.is_up


@pytest.mark.parametrize("known", [None, frozenset(MODES) - {"listen_only"}])
def test_without_listen_only_the_link_does_not_come_up_where_that_is_asked_for(linux, known):
    linux.modes = frozenset(MODES) - {"listen_only"}
    linux.links["can0"] = replace(BLANK, supported_modes=known)
    with pytest.raises(CanLinkError, match="listen_only") as caught:
        apply("can0", LinkConfig(bitrate=500_000, listen_only=True, up=True))
    assert caught.value.error_code == errno.EOPNOTSUPP
    assert not linux.links["can0"].is_up


def test_strict_makes_an_error_of_every_refusal(linux):
    linux.has_restart = False
    linux.links["can0"] = UP_500K
    with pytest.raises(CanLinkError, match="set can0 to restart_ms 100"):
        apply("can0", LinkConfig(bitrate=250_000, restart_ms=100), strict=True)
    assert linux.links["can0"] == UP_500K


def test_a_virtual_link_reports_what_it_has_no_controller_for(linux):
    linux.links = {"vcan0": VCAN}
    done = apply("vcan0", LinkConfig(bitrate=500_000, up=True))
    assert [refusal.why for refusal in done.refused] == ["a vcan link has no controller"]
    assert done.after.is_up


@pytest.mark.parametrize(
    ("rate", "words"), [(1_200_000, "1142857, which is -4.8%"), (83_000, None)]
)
def test_a_bit_rate_that_the_controller_only_comes_near_to_is_told_if_it_matters(
    linux, rate, words
):
    for _ in range(2):  # the second time nothing is done, and it is as far off
        done = apply("can0", LinkConfig(bitrate=rate, up=True))
        assert [refusal.outcome for refusal in done.refused] == (["missed"] if words else [])
        assert not words or words in done.refused[0].why


# -- failures -----------------------------------------------------------------------------


def test_a_rate_that_cannot_be_leaves_the_link_as_it_was(linux):
    linux.links["can0"] = UP_500K
    with pytest.raises(CanLinkError) as caught:
        apply("can0", LinkConfig(bitrate=3_000_000))
    assert linux.links["can0"] == UP_500K
    assert linux.changes == ["down", "up"]
    text = str(caught.value)
    assert "cannot set can0 to bitrate 3000000" in text
    assert "its clock of 8000000 Hz makes 5000 to 2666666 bit/s" in text
    assert caught.value.error_code == errno.EDOM


def test_a_failure_after_some_changes_takes_them_back(linux):
    linux.links["can0"] = UP_500K
    linux.deny = {"loopback": errno.EOPNOTSUPP}
    with pytest.raises(CanLinkError, match="loopback"):
        apply("can0", LinkConfig(bitrate=250_000, loopback=True))
    after = linux.links["can0"]
    assert (after.bitrate, after.is_up, after.modes) == (500_000, True, frozenset())


def test_a_first_bit_rate_that_cannot_be_taken_back_is_said(linux):
    linux.deny = {"loopback": errno.EOPNOTSUPP}
    with pytest.raises(CanLinkError, match="loopback") as caught:
        apply("can0", LinkConfig(bitrate=250_000, loopback=True))
    assert "bitrate was None, is 250000" in "\n".join(caught.value.__notes__)


def test_one_thing_that_cannot_be_put_back_does_not_leave_the_link_down(linux):
    class FromThenOn(dict[str, int]):
        """As soon as loopback is refused, so is every bit timing."""

        def __contains__(self, action):
            if action == "loopback":
                self["timing"] = errno.EDOM
            return super().__contains__(action)

    linux.links["can0"] = UP_500K
    linux.deny = FromThenOn(loopback=errno.EOPNOTSUPP)
    with pytest.raises(CanLinkError, match="loopback") as caught:
        apply("can0", LinkConfig(bitrate=250_000, loopback=True))
    assert linux.links["can0"].is_up
    notes = "\n".join(caught.value.__notes__)
    assert "can0 could not be put back as it was" in notes
    assert "bitrate was 500000, is 250000" in notes


def test_what_cannot_be_put_back_is_said(linux):
    linux.links["can0"] = UP_500K
    linux.deny = {"timing": errno.EDOM, "up": errno.EIO}
    with pytest.raises(CanLinkError, match="bitrate 250000") as caught:
        apply("can0", LinkConfig(bitrate=250_000))
    notes = "\n".join(caught.value.__notes__)
    assert "can0 could not be put back as it was" in notes


def test_without_the_right_nothing_happens(linux):
    linux.deny = {"set": errno.EPERM}
    with pytest.raises(CanLinkPermissionError, match="CAP_NET_ADMIN"):
        apply("can0", LinkConfig(bitrate=500_000, up=True))
    assert linux.links["can0"] == BLANK


def test_without_the_right_what_is_so_already_is_fine(linux):
    linux.links["can0"] = UP_500K
    linux.deny = {"set": errno.EPERM}
    assert apply("can0", LinkConfig(bitrate=500_000, up=True)).steps == ()


def test_no_bit_rate_is_an_error_before_anything_is_done(linux):
    with pytest.raises(CanConfigError, match="no bit rate yet"):
        apply("can0", LinkConfig(up=True))
    assert linux.changes == []


@pytest.mark.parametrize(
    ("code", "step", "words"),
    [
        (errno.EOPNOTSUPP, "timing", "its driver sja1000 does not have it"),
        (errno.EBUSY, "timing", "the link is up"),
        (errno.EINVAL, "timing", "the controller cannot do that"),
        (errno.EDOM, "timing", "the controller cannot do that"),
        (errno.ERANGE, "timing", "the controller cannot do that"),
        (errno.EINVAL, "up", "its bit timing is not set"),
        (errno.EPERM, "up", "needs CAP_NET_ADMIN"),
        (errno.ENODEV, "up", "its device is gone, or does not answer"),
        (errno.ENODEV, "timing", "there is no interface can0"),
        (errno.ETIMEDOUT, "up", "took too long"),
        (errno.EIO, "up", "Input/output error"),
    ],
)
def test_refusals_say_what_they_mean(linux, monkeypatch, code, step, words):
    from canbus.links import reading

    device = LinkDevice(driver="sja1000")
    monkeypatch.setattr(reading, "read_device", lambda name, *, index: device)
    linux.deny = {step: code}
    with pytest.raises(CanLinkError, match=words) as caught:
        apply("can0", LinkConfig(bitrate=500_000, up=True))
    assert caught.value.error_code == code
