"""Families with something of their own: serial adapters, Intrepid, vcan; and other roots."""

from __future__ import annotations

import pytest

from canbus.bringup import Request, persist
from canbus.errors import CanChannelNotFoundError, CanConfigError, CanUnsupportedError
from canbus.link_config import LinkConfig
from tests.unit.persist import trixie
from tests.unit.persist.asking import UP, one, plan, text
from tests.unit.persist.sites import (
    NETWORKD,
    serial_files,
    site,
)

LOOPBACK = LinkConfig(bitrate=500_000, loopback=True)
SILENT = LinkConfig(bitrate=500_000, listen_only=True)


def serial(port="/dev/ttyACM0", name="can0", config=UP, **options):
    return Request(target="serial", port=port, name=name, config=config, options=options)


@pytest.mark.parametrize(
    ("request_", "kind", "said"),
    [
        (serial(port=None), CanConfigError, "which serial port"),
        (serial(port="ttyACM0"), CanConfigError, "is no serial port"),
        (serial(port="/dev/../etc/passwd"), CanConfigError, "is no serial port"),
        (serial(port="/dev/tty\nX"), CanConfigError, "is no serial port"),
        (serial(port="/dev/ttyACM7"), CanChannelNotFoundError, "there is no /dev/ttyACM7"),
        (serial(name=None), CanConfigError, "needs one"),
        (serial(config=LinkConfig(bitrate=83_333)), CanConfigError, "cannot set 83333"),
        (serial(config=LinkConfig(up=True)), CanConfigError, "no bit rate yet"),
        (serial(config=LOOPBACK), CanUnsupportedError, "loopback"),
        (serial(tty_baudrate=12345), CanConfigError, "tty_baudrate 12345"),
        (serial(network="hscan"), CanConfigError, "network means nothing"),
        (Request(target="can0", port="/dev/ttyACM0", config=UP), CanConfigError, "no serial port"),
        (Request(target="vcan0", config=SILENT), CanUnsupportedError, "listen_only"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_a_hint(request_, kind, said, tmp_path):
    with pytest.raises(kind, match=said) as caught:
        plan(tmp_path, request=request_, **serial_files())
    assert caught.value.hint


def test_networkd_is_not_asked_to_set_up_what_slcand_makes(tmp_path):
    with pytest.raises(CanConfigError, match="slcand makes it"):
        plan(tmp_path, request=serial(), manager="networkd", **serial_files())
    assert plan(tmp_path / "x", request=serial(), networkd=True, **serial_files()).manager == "unit"


def test_a_serial_adapter_without_a_number_is_told_by_its_place(tmp_path):
    made = plan(tmp_path, request=serial(), **serial_files(serial=""))
    assert 'KERNELS=="1-1.3:1.0"' in text(made, ".rules")
    assert "slcand -o -s6 -S 115200 /dev/canbus/can0 can0" in text(made, ".service")


@pytest.mark.parametrize(("release", "maybe"), [("5.15.0", "-"), ("6.1.0-18-amd64", "")])
def test_before_linux_6_0_slcand_alone_sets_the_bit_rate(release, maybe, tmp_path):
    unit = text(plan(tmp_path, request=serial(), release=release, **serial_files()), ".service")
    line = "/usr/sbin/ip link set dev can0 type can bitrate 500000"
    assert f"ExecStartPost={maybe}{line}\n" in unit
    assert " -s6 " in unit


def test_slcand_never_stays_in_the_foreground(tmp_path):
    unit = text(plan(tmp_path, request=serial(), **serial_files()), ".service")
    assert "Type=forking\n" in unit
    assert " -F" not in unit


def test_a_port_that_is_not_on_usb_keeps_its_name(tmp_path):
    made = plan(tmp_path, request=serial("/dev/serial-1"))
    assert "BindsTo=dev-serial\\x2d1.device\n" in text(made, ".service")
    assert not [file for file in made.files if file.path.endswith(".rules")]


def test_a_vcan_is_named_by_who_makes_it(tmp_path):
    with pytest.raises(CanConfigError, match="no vcan but of kind can"):
        plan(tmp_path, request=Request(target="vcan", name="can0", config=UP), **one())


def test_an_intrepid_device_that_sets_no_bit_rate_is_up_all_the_same(tmp_path):
    facts = {"link": [{"name": "can0", "alias": "hscan_61777", "limits": None}]}
    made = plan(tmp_path, "intrepid", networkd=True, **facts)
    assert made.manager == "unit"
    assert "bitrate 500000 is left out" in made.notes[0]
    assert "bitrate" not in text(made, "canbus-can0.service").partition("[Unit]")[2]


def test_one_that_may_set_none_is_not_kept_down_by_that(tmp_path):
    request = Request(
        target="intrepid", name="can_hs", config=UP, options={"network": "hscan_61777"}
    )
    made = plan(tmp_path, request=request)
    assert 'ATTR{ifalias}=="hscan_61777"' in text(made, ".rules")
    unit = text(made, "canbus-can_hs.service")
    assert "ExecStart=-/usr/sbin/ip link set dev can_hs type can bitrate 500000\n" in unit


def test_a_machine_without_systemd_is_told_so(tmp_path):
    there = site(tmp_path)
    (tmp_path / "usr/lib/systemd/systemd").unlink()
    with pytest.raises(CanUnsupportedError, match="there is no systemd"):
        persist.plan(Request(target="can0", config=UP), site=there)


def test_another_root_has_nobody_to_tell(tmp_path):
    made = persist.plan(Request(target="can0", config=UP), site=persist.Site.at(str(tmp_path)))
    assert made.commands == ()
    assert any(str(tmp_path) in note for note in made.notes)


def test_a_real_debian_13_is_read_as_the_one_of_tables(tmp_path):
    """The twin of sites.site()."""
    if not trixie.ROOT.exists():
        pytest.fail(f"there is no {trixie.ROOT}: tests/lab/boot --fetch fetches it")
    real, fake = persist.Site.at(str(trixie.ROOT)), site(tmp_path)
    assert (real.systemd, real.has_systemd) == (fake.systemd, fake.has_systemd) == (257, True)
    assert real.programs == fake.programs
    assert not real.has_networkd


@pytest.mark.parametrize("root", ["/", "//", "/.", "/tmp/.."])
def test_this_machine_has_many_names(root):
    assert persist.Site.at(root).is_here


def test_enabled_is_what_a_link_says(tmp_path):
    for path in NETWORKD:
        other = path.replace("multi-user.target.wants", "sockets.target.wants")
        other = other.replace(".service", ".socket")
        assert site(tmp_path / "a", files={other: ""}).has_networkd
        assert not site(tmp_path / "b", files={path.replace(".wants", ""): ""}).has_networkd


def test_what_was_looked_at_here_is_told_of_another_root(tmp_path):
    here = site(tmp_path / "here", **one())
    there = persist.Site(site(tmp_path / "there").system, here.hardware, is_here=False)
    made = persist.plan(Request(target="can0", config=UP), site=there)
    assert "can0 was looked at here: is the other machine's the same?" in made.notes


def test_of_another_machines_kernel_nothing_is_taken_for_granted(tmp_path):
    here = site(tmp_path / "here", **serial_files())
    there = persist.Site(site(tmp_path / "there").system, here.hardware, is_here=False)
    unit = text(persist.plan(serial(), site=there), ".service")
    assert "ExecStartPost=-/usr/sbin/ip link set dev can0 type can bitrate" in unit
