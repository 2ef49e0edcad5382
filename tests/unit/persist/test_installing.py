"""On a disk: all files or none, only ours, and back to what was there before."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from canbus.bringup import Request, persist
from canbus.bringup.persist.changes import Changes
from canbus.errors import CanConfigError, CanLinkError, CanLinkPermissionError
from canbus.link_config import LinkConfig
from tests.unit.persist.sites import site

UNIT = "/etc/systemd/system/canbus-can0.service"
WANTS = "/etc/systemd/system/sys-subsystem-net-devices-can0.device.wants/canbus-can0.service"
NETWORK = "/etc/systemd/network/70-canbus-can0.network"


def snapshot(root: Path) -> dict[str, str]:
    """Everything below a root."""
    found = {}
    for path in sorted(root.rglob("*")):
        what = "folder"
        if path.is_symlink():
            what = f"-> {path.readlink()}"
        elif path.is_file():
            what = f"{path.stat().st_mode & 0o777:o} {path.read_text()}"
        found[str(path.relative_to(root))] = what
    return found


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def plan(root, bitrate=500_000, name="can0", *, manager="unit", **settings):
    request = Request(target=name, config=LinkConfig(bitrate=bitrate, up=True, **settings))
    made = persist.Site.at(str(root))
    return persist.plan(request, manager=manager, site=made)


def install(root, *args, **kwargs):
    return persist.install(plan(root, *args, **kwargs), str(root))


def states(root):
    return {
        one.link: {file.path: file.state for file in one.files}
        for one in persist.installed(str(root))
    }


def test_a_unit_is_written_and_enabled_as_systemctl_does_it(root):
    assert install(root) == (UNIT,)
    assert (root / WANTS[1:]).readlink() == Path(UNIT)
    assert (root / UNIT[1:]).stat().st_mode & 0o777 == 0o644
    assert states(root) == {"can0": {UNIT: "intact"}}


def test_a_second_time_nothing_is_changed(root):
    install(root)
    before = snapshot(root)
    assert install(root) == ()
    assert snapshot(root) == before


def test_another_bit_rate_replaces_the_file(root):
    install(root)
    assert install(root, 250_000) == (UNIT,)
    assert "bitrate 250000" in (root / UNIT[1:]).read_text()


def test_what_is_no_longer_of_a_link_goes(root):
    install(root)
    assert set(install(root, manager="networkd")) == {UNIT, NETWORK}
    assert states(root) == {"can0": {NETWORK: "intact"}}
    assert not (root / WANTS[1:]).is_symlink()


def test_a_plan_says_what_will_go(root):
    install(root)
    assert plan(root, manager="networkd").obsolete == (UNIT,)


def test_after_removing_nothing_is_left_of_it(root):
    (root / "etc/systemd/system").mkdir(parents=True)
    (root / "etc/systemd/system/ssh.service").write_text("[Unit]\n")
    before = snapshot(root)
    install(root)
    assert persist.remove("can0", str(root)) == (UNIT,)
    assert snapshot(root) == before


def test_another_links_files_stay(root):
    install(root)
    install(root, name="can1")
    persist.remove("can0", str(root))
    assert list(states(root)) == ["can1"]


def test_what_nothing_is_kept_of_cannot_be_removed(root):
    install(root)
    with pytest.raises(CanConfigError, match="nothing is kept of can7") as caught:
        persist.remove("can7", str(root))
    assert caught.value.hint == "there is can0"


def test_an_edited_file_is_left_alone_unless_forced(root):
    install(root)
    unit = root / UNIT[1:]
    unit.write_text(unit.read_text().replace("500000", "125000"))
    assert states(root) == {"can0": {UNIT: "edited"}}
    before = snapshot(root)
    for call in (lambda: install(root, 250_000), lambda: persist.remove("can0", str(root))):
        with pytest.raises(CanLinkError, match="was edited since") as caught:
            call()
        assert "--force" in (caught.value.hint or "")
        assert snapshot(root) == before
    persist.install(plan(root, 250_000), str(root), force=True)
    assert states(root) == {"can0": {UNIT: "intact"}}


def test_an_edited_file_is_removed_if_forced(root):
    install(root)
    unit = root / UNIT[1:]
    unit.write_text(unit.read_text() + "# mine\n")
    persist.remove("can0", str(root), force=True)
    assert not unit.exists()


@pytest.mark.parametrize("force", [False, True])
def test_a_file_that_is_not_ours_is_never_replaced(root, force):
    unit = root / UNIT[1:]
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    with pytest.raises(CanLinkError, match="canbus has not written it"):
        persist.install(plan(root), str(root), force=force)
    assert unit.read_text() == "[Service]\nExecStart=/bin/true\n"


def test_a_masked_unit_stays_masked(root):
    unit = root / UNIT[1:]
    unit.parent.mkdir(parents=True)
    unit.symlink_to("/dev/null")
    with pytest.raises(CanLinkError, match="is a link to /dev/null"):
        install(root)
    assert unit.readlink() == Path("/dev/null")


def test_nothing_is_written_outside_of_the_root(root, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (root / "etc").symlink_to(elsewhere)
    with pytest.raises(CanLinkError, match="leads out of"):
        install(root)
    assert list(elsewhere.iterdir()) == []


def test_a_link_that_was_taken_away_is_told_and_put_back(root):
    install(root)
    (root / WANTS[1:]).unlink()
    assert states(root) == {"can0": {UNIT: "disabled"}}
    assert install(root) == (UNIT,)
    assert states(root) == {"can0": {UNIT: "intact"}}


def test_a_file_that_somebody_has_removed_is_told(root):
    install(root, manager="networkd", txqueuelen=100)
    (root / NETWORK[1:]).unlink()
    link = NETWORK.replace(".network", ".link")
    assert states(root) == {"can0": {link: "intact", NETWORK: "missing"}}


class HalfWay(Exception):
    pass


@pytest.mark.parametrize("at", [0, 1, 2])
def test_an_install_that_fails_leaves_all_as_it_was(root, at):
    install(root)
    before = snapshot(root)
    seen = []

    def stop(line):
        seen.append(line)
        if len(seen) > at:
            raise HalfWay

    with pytest.raises(HalfWay):
        persist.install(plan(root, manager="networkd", txqueuelen=100), str(root), report=stop)
    assert snapshot(root) == before


def test_a_removal_that_fails_leaves_all_as_it_was(root):
    install(root, manager="networkd", txqueuelen=100)
    before = snapshot(root)
    seen = []

    def stop(line):
        seen.append(line)
        if len(seen) > 1:
            raise HalfWay

    with pytest.raises(HalfWay):
        persist.remove("can0", str(root), report=stop)
    assert snapshot(root) == before


def test_a_file_that_cannot_be_put_in_place_leaves_no_half_one(root):
    target = root / "etc/systemd/system"
    target.mkdir(parents=True)
    changes = Changes(str(root), lambda line: None)
    (target / "canbus-can0.service").mkdir()
    with pytest.raises(CanLinkError, match="cannot write"):
        changes.put(plan(root).files[0])
    assert [path.name for path in target.iterdir()] == ["canbus-can0.service"]


@pytest.fixture
def as_nobody(root):
    """What is there is root's, and this process is not."""
    root.chmod(0o555)
    if os.geteuid():
        yield
        root.chmod(0o755)
        return
    root.parent.parent.chmod(0o755)
    root.parent.parent.parent.chmod(0o755)
    root.parent.chmod(0o755)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        root.chmod(0o755)


def test_without_the_rights_it_says_how(root, as_nobody):
    made = plan(root)
    for call in (persist.check_rights, persist.install):
        with pytest.raises(CanLinkPermissionError) as caught:
            call(made, str(root))
        assert isinstance(caught.value, PermissionError)
        assert "sudo" in (caught.value.hint or "")


SHARED = {
    "/etc/modules-load.d/canbus-intrepid-icsscand.conf",
    "/etc/systemd/system/canbus-intrepid-icsscand.service",
}


def intrepid(root, name, alias):
    link = {"name": "can7", "alias": alias, "bitrate_choices": (500_000,), "limits": None}
    request = Request(target="intrepid", name=name, config=LinkConfig(bitrate=500_000, up=True))
    made = persist.plan(request, site=site(root, link=[link]))
    return persist.install(made, str(root))


def test_what_links_share_goes_with_the_last_of_them(root):
    assert set(intrepid(root, "can_a", "hscan_61777")) > SHARED
    assert not SHARED & set(intrepid(root, "can_b", "mscan_61777"))
    with pytest.raises(CanConfigError, match="can_a, can_b needs it"):
        persist.remove("intrepid-icsscand", str(root))
    assert not SHARED & set(persist.remove("can_a", str(root)))
    assert set(states(root)["intrepid-icsscand"]) == SHARED
    assert set(persist.remove("can_b", str(root))) > SHARED
    assert states(root) == {}
