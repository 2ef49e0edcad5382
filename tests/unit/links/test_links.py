"""canbus.links over a fake kernel that keeps links in a table and refuses what it is told to."""

import asyncio
import builtins
import errno
import os
import sys
from types import SimpleNamespace

import pytest

from canbus import links
from canbus.errors import (
    CanLinkError,
    CanLinkNotFoundError,
    CanLinkPermissionError,
    CanUnsupportedError,
)
from canbus.links import LinkInfo, modules, netlink, reading
from tests.unit.links.fake_linux import FakeLinux, FakeNetlinkError

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="netlink is Linux's")


@pytest.fixture
def kernel(monkeypatch):
    fake = FakeLinux()
    fake.add_other("eth0")
    return fake.install(monkeypatch)


# -- reading


def test_only_can_interfaces_are_listed(kernel):
    kernel.add("vcan0", mtu=16, up=False)
    kernel.add("vcan1")
    assert links.list_links() == [
        LinkInfo("vcan0", 7, "vcan", is_up=False, mtu=16),
        LinkInfo("vcan1", 8, "vcan", is_up=True, mtu=72),
    ]


@pytest.mark.parametrize(
    "action", [links.get_link, links.delete_link, links.set_up, links.set_down]
)
def test_an_interface_that_is_not_can_is_refused_by_name_and_left_alone(kernel, action):
    with pytest.raises(CanLinkError, match="eth0 is not a CAN interface"):
        action("eth0")
    assert kernel.changes == []


@pytest.mark.parametrize(
    "action", [links.get_link, links.delete_link, links.set_up, links.set_down]
)
def test_a_missing_interface_is_named(kernel, action):
    with pytest.raises(CanLinkNotFoundError, match="there is no interface can7") as caught:
        action("can7")
    assert caught.value.error_code == errno.ENODEV


# -- creating


def test_a_new_vcan_carries_fd_and_is_up(kernel):
    assert links.create_vcan("vcan0") == LinkInfo("vcan0", 7, "vcan", is_up=True, mtu=72)


def test_a_new_vcan_can_be_classic_and_down(kernel):
    made = links.create_vcan("vcan0", fd=False, up=False)
    assert made == LinkInfo("vcan0", 7, "vcan", is_up=False, mtu=16)


def test_a_taken_name_is_refused_and_no_removal_is_suggested(kernel):
    with pytest.raises(CanLinkError, match="there is an interface eth0 already") as caught:
        links.create_vcan("eth0")
    assert caught.value.error_code == errno.EEXIST
    assert "del" not in str(caught.value.hint)


def test_exist_ok_takes_the_link_that_is_there_and_brings_it_up(kernel):
    kernel.add("vcan0", up=False)
    assert links.create_vcan("vcan0", exist_ok=True).is_up


def test_exist_ok_does_not_take_an_up_link_down(kernel):
    kernel.add("vcan0", up=True)
    assert links.create_vcan("vcan0", up=False, exist_ok=True).is_up


def test_exist_ok_needs_no_rights_when_there_is_nothing_to_do(kernel):
    kernel.add("vcan0")
    kernel.deny = {"add": errno.EPERM, "set": errno.EPERM}
    assert links.create_vcan("vcan0", exist_ok=True).name == "vcan0"


def test_exist_ok_takes_a_link_that_somebody_else_makes_at_the_same_time(kernel):
    kernel.before_add = lambda: kernel.add("vcan0", up=False)
    assert links.create_vcan("vcan0", exist_ok=True).is_up


def test_exist_ok_takes_a_link_made_for_can_xl_as_one_for_fd(kernel):
    kernel.add("vcan0", mtu=2060)
    assert links.create_vcan("vcan0", exist_ok=True).mtu == 2060


@pytest.mark.parametrize(
    ("kind", "mtu", "fd", "why"),
    [
        ("can", 72, True, "is of kind can"),
        ("vcan", 16, True, "its MTU is 16"),
        ("vcan", 72, False, "its MTU is 72"),
    ],
)
def test_exist_ok_refuses_a_link_that_differs_from_what_is_asked_for(kernel, kind, mtu, fd, why):
    kernel.add("vcan0", kind, mtu=mtu, up=False)
    with pytest.raises(CanLinkError, match=why):
        links.create_vcan("vcan0", fd=fd, exist_ok=True)
    assert not kernel.links["vcan0"].is_up


@pytest.mark.parametrize(
    "name",
    ["vcan%d", "", "abcdefghijklmnop", "öööööööö", "a b", "a/b", "a:b", ".", "..", "a\0b", "a\nb"],
)
def test_an_impossible_name_is_refused_before_the_kernel_is_asked(kernel, name):
    with pytest.raises(CanLinkError, match="cannot be the name"):
        links.create_vcan(name)
    assert kernel.links == {}


# -- the module


def modprobe(folder, script):
    program = folder / "modprobe"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.fixture
def as_root(monkeypatch, tmp_path):
    monkeypatch.setattr(modules, "has_capability", lambda name: name == "CAP_SYS_MODULE")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


@linux_only
def test_the_module_is_loaded_when_the_kernel_does_not_know_vcan(kernel, as_root):
    kernel.knows = set()
    loaded = as_root / "loaded"
    modprobe(as_root, f'echo "$@" > {loaded}')

    def look():
        kernel.knows = {"vcan"} if loaded.exists() else set()

    kernel.before_add = look
    assert links.create_vcan("vcan0").is_up
    assert loaded.read_text() == "vcan\n"


@linux_only
@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo 'FATAL: Module vcan not found.' >&2; exit 1", "FATAL: Module vcan not found."),
        ("exit 3", "exit status 3"),
    ],
)
def test_a_modprobe_that_fails_is_quoted(kernel, as_root, script, why):
    kernel.knows = set()
    modprobe(as_root, script)
    with pytest.raises(CanLinkError, match="modprobe vcan failed") as caught:
        links.create_vcan("vcan0")
    assert why in str(caught.value)
    assert "modprobe vcan" in str(caught.value.hint)
    assert caught.value.error_code == errno.EOPNOTSUPP


def test_an_unprivileged_process_is_told_to_have_the_module_loaded(kernel, monkeypatch):
    kernel.knows = set()
    monkeypatch.setattr(modules, "has_capability", lambda name: False)
    with pytest.raises(CanLinkError, match="needs CAP_SYS_MODULE") as caught:
        links.create_vcan("vcan0")
    assert "modprobe vcan" in str(caught.value.hint)


@linux_only
def test_a_module_that_loads_without_effect_is_reported(kernel, as_root):
    kernel.knows = set()
    modprobe(as_root, "exit 0")
    with pytest.raises(CanLinkError, match="does not support it"):
        links.create_vcan("vcan0")


# -- errors of the kernel


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (errno.EPERM, CanLinkPermissionError, "needs CAP_NET_ADMIN"),
        (errno.EACCES, CanLinkPermissionError, "needs CAP_NET_ADMIN"),
        (errno.ENODEV, CanLinkError, "its device is gone, or does not answer"),
        (errno.EOPNOTSUPP, CanLinkError, "does not support it"),
        (errno.EINVAL, CanLinkError, "Invalid argument: its bit timing is not set"),
        (errno.EBUSY, CanLinkError, "busy"),
    ],
)
def test_every_refusal_of_the_kernel_becomes_a_named_error(kernel, code, kind, words):
    kernel.add("can0", "can", up=False, mtu=16)
    kernel.deny = {"set": code}
    with pytest.raises(CanLinkError, match=words) as caught:
        links.set_up("can0")
    assert type(caught.value) is kind
    assert "bring can0 up" in str(caught.value)
    assert caught.value.error_code == code


def test_missing_rights_are_explained_by_a_hint(kernel):
    kernel.deny = {"add": errno.EPERM}
    with pytest.raises(PermissionError) as caught:
        links.create_vcan("vcan0")
    assert isinstance(caught.value, CanLinkPermissionError)
    assert "sudo" in str(caught.value.hint)


def test_a_netlink_socket_that_cannot_be_had_is_a_link_error(monkeypatch):
    def refuse():
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(netlink, "_import_pyroute2", lambda: (refuse, FakeNetlinkError))
    with pytest.raises(CanLinkError, match="Too many open files"):
        links.create_vcan("vcan0")


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_are_unsupported_by_name(monkeypatch, platform):
    monkeypatch.setattr(netlink, "sys", SimpleNamespace(platform=platform))
    monkeypatch.setattr(reading, "sys", SimpleNamespace(platform=platform))
    with pytest.raises(CanUnsupportedError, match=platform):
        links.list_links()
    with pytest.raises(CanUnsupportedError, match=platform):
        links.create_vcan("vcan0")


@linux_only
def test_missing_pyroute2_is_named(monkeypatch):
    really_import = builtins.__import__

    def without_pyroute2(name, *args, **kwargs):
        if name.startswith("pyroute2"):
            raise ImportError("No module named 'pyroute2'")
        return really_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_pyroute2)
    with pytest.raises(CanUnsupportedError, match="No module named 'pyroute2'") as caught:
        links.create_vcan("vcan0")
    assert caught.value.hint == "pip install pyroute2"


# -- temporary links


def test_a_temporary_link_has_a_fresh_name_and_is_gone_afterwards(kernel):
    with links.temporary_vcan() as first, links.temporary_vcan() as second:
        assert first.name != second.name
        assert first.name.startswith("vcan")
        assert len(first.name) <= 15
        assert first.is_up
        assert first.mtu == 72
        assert set(kernel.links) == {first.name, second.name}
    assert kernel.links == {}


def test_a_temporary_link_is_gone_after_an_exception(kernel):
    with pytest.raises(ZeroDivisionError), links.temporary_vcan("vcan5"):
        raise ZeroDivisionError
    assert kernel.links == {}


def test_a_temporary_link_may_be_removed_by_its_user(kernel):
    with links.temporary_vcan("vcan5", fd=False) as link:
        assert link.mtu == 16
        links.delete_link("vcan5")
    assert kernel.links == {}


def test_a_temporary_link_does_not_take_over_an_existing_one(kernel):
    kernel.add("vcan5")
    with pytest.raises(CanLinkError, match="already"), links.temporary_vcan("vcan5"):
        raise AssertionError("not reached")
    assert set(kernel.links) == {"vcan5"}


# -- the real netlink of this machine, which needs neither CAN nor rights


@linux_only
def test_netlink_answers_outside_an_event_loop():
    with pytest.raises(CanLinkError, match="lo is not a CAN interface"):
        links.get_link("lo")


@linux_only
def test_netlink_answers_inside_a_running_event_loop():
    async def ask():
        with pytest.raises(CanLinkError, match="lo is not a CAN interface"):
            links.get_link("lo")
        with pytest.raises(CanLinkNotFoundError):
            links.get_link("nosuchlink")
        return links.list_links()

    assert all(isinstance(link, LinkInfo) for link in asyncio.run(ask()))


def test_importing_links_does_not_import_pyroute2():
    import subprocess

    code = "import sys, canbus.links; sys.exit('pyroute2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_hardware_cannot_be_removed_and_nobody_says_it_was(kernel):
    kernel.add("can0", "can", mtu=16)
    with pytest.raises(CanLinkError, match="there is hardware behind it"):
        links.delete_link("can0")
    assert "can0" in kernel.links


def test_only_a_controller_can_be_restarted(kernel):
    kernel.add("vcan0")
    with pytest.raises(CanLinkError, match="a vcan link has no controller"):
        links.restart_link("vcan0")
    with pytest.raises(CanLinkError, match="eth0 is not a CAN interface"):
        links.restart_link("eth0")


def test_names_are_checked_by_all_that_take_one(kernel):
    for use in (links.get_link, links.set_up, links.restart_link, links.delete_link):
        with pytest.raises(CanLinkError, match="cannot be the name"):
            use("a%d")
    with pytest.raises(CanLinkError, match="cannot be the name"):
        links.apply("vcan0\0evil", links.LinkConfig(up=True))
