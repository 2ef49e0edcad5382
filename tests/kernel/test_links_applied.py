"""plan() and apply() on real virtual links: any wish is reached, and then nothing is left to do."""

from __future__ import annotations

import itertools
import os
import subprocess

import pytest

from canbus import links
from canbus.errors import CanLinkError, CanLinkNotFoundError
from canbus.links import LinkConfig, apply, plan

WISHES = [
    LinkConfig(fd=fd, xl=xl, up=up, txqueuelen=txqueuelen)
    for fd, xl, up, txqueuelen in itertools.product(
        (None, True, False), (None, True, False), (None, True, False), (None, 10, 500)
    )
    if not (xl and fd is False)
]


@pytest.fixture(params=["vcan", "vxcan"])
def name(request):
    name = f"t{os.getpid() % 10_000}{request.param}"
    if request.param == "vcan":
        links.create_vcan(name)
    else:
        links.create_vxcan(name, f"{name[:-1]}p")
    yield name
    links.delete_link(name)


def test_any_wish_is_reached_from_any_state_and_a_second_plan_is_empty(name):
    step = 7  # coprime to the number of wishes, so that all are used, far ones in a row
    assert len(WISHES) % step
    for number in range(len(WISHES)):
        wish = WISHES[number * step % len(WISHES)]
        before = links.get_link(name)
        done = apply(name, wish)
        assert plan(done.after, wish) == ()
        assert apply(name, wish).steps == ()
        _check(before, done.after, wish)


def _check(before, after, wish):
    if wish.fd is not None:
        assert after.fd == wish.fd
    if wish.xl is not None:
        assert after.xl == wish.xl
    assert after.is_up == (before.is_up if wish.up is None else wish.up)
    assert after.txqueuelen == (wish.txqueuelen or before.txqueuelen)


def test_the_commands_of_a_plan_do_the_same(name):
    wish = LinkConfig(fd=False, up=True, txqueuelen=77)
    for step in plan(links.get_link(name), wish):
        subprocess.run(step.command(), check=True)
    assert plan(links.get_link(name), wish) == ()


def test_settings_of_a_controller_are_reported_and_not_tried(name):
    done = apply(name, LinkConfig(bitrate=500_000, restart_ms=100, up=True))
    assert [refusal.setting for refusal in done.refused] == ["bitrate", "restart_ms"]
    assert done.after.is_up
    with pytest.raises(CanLinkError, match="listen_only"):
        apply(name, LinkConfig(listen_only=True))
    with pytest.raises(CanLinkError, match="restart_ms"):
        apply(name, LinkConfig(restart_ms=1), strict=True)


def test_the_kernel_refuses_what_the_model_refuses_for_bit_rates(name):
    """The words of `ip` for it: vcan has no `type can`."""
    words = ["ip", "link", "set", name, "type", "can", "bitrate", "500000"]
    assert subprocess.run(words, capture_output=True, check=False).returncode != 0


# -- vxcan --------------------------------------------------------------------------------


@pytest.fixture
def namespace():
    name = f"t{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    yield name
    subprocess.run(["ip", "netns", "del", name], check=True)


def test_a_vxcan_can_have_its_other_end_in_another_namespace(namespace):
    made = links.create_vxcan("tvx0", "tvx1", peer_netns=namespace)
    assert (made.kind, made.mtu, made.is_up) == ("vxcan", 72, False)
    there = subprocess.run(
        ["ip", "-netns", namespace, "link", "show", "tvx1"], capture_output=True, check=False
    )
    assert there.returncode == 0
    links.delete_link("tvx0")
    with pytest.raises(CanLinkNotFoundError):
        links.get_link("tvx0")


def test_a_vxcan_into_no_namespace_is_refused_by_name_and_nothing_is_made():
    with pytest.raises(Exception, match="nowhere"):
        links.create_vxcan("tvx0", "tvx1", peer_netns="nowhere")
    with pytest.raises(CanLinkNotFoundError):
        links.get_link("tvx0")


def test_both_ends_of_a_vxcan_in_one_namespace_carry_frames():
    import canbus as can

    links.create_vxcan("tvx0", "tvx1")
    try:
        for end in ("tvx0", "tvx1"):
            links.set_up(end)
        with can.Bus("tvx0", "socketcan") as one, can.Bus("tvx1", "socketcan") as other:
            one.send(can.Message(arbitration_id=5))
            assert other.recv(5).arbitration_id == 5
    finally:
        links.delete_link("tvx0")
