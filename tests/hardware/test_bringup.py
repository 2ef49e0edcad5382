"""`canbus up`, `down` and `restart` on emulated controllers under the stock drivers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import canbus as can
from canbus.bringup import Request, bring_up, commands_for
from canbus.cli import main
from canbus.link_config import LinkConfig
from canbus.links import get_link, set_down
from tests.hardware.network import can_state, ip, link_details, link_down, wait_until

PATIENCE = 30


@pytest.fixture
def pair(controllers):
    """Two Kvaser cards on one wire, down, as new but for their bit rate."""
    for name in controllers:
        _make_as_new(name)
    yield controllers
    for name in controllers:
        _make_as_new(name)
        ip("link", "set", name, "up")  # as the other tests have them


def _make_as_new(name):
    link_down(name)
    ip("link", "set", name, "txqueuelen", "10")
    ip("link", "set", name, "type", "can", "bitrate", "500000", "restart-ms", "0")
    for mode in ("listen-only", "one-shot", "berr-reporting", "triple-sampling"):
        ip("link", "set", name, "type", "can", mode, "off")


def settings(name):
    """What `ip` says of a link that does not change by itself."""
    link = link_details(name)
    data = dict(link["linkinfo"]["info_data"])
    for volatile in ("state", "berr_counter"):
        data.pop(volatile, None)
    return data, "UP" in link["flags"], link["mtu"], link["txqlen"]


def run(capsys, *words):
    """The exit status, lines and complaints of `canbus ...`."""
    status = main(list(words))
    said = capsys.readouterr()
    return status, said.out.splitlines(), said.err.splitlines()


def up(capsys, *words):
    status, lines, complaints = run(capsys, "up", *words)
    assert status == 0, complaints
    return lines


# -- two controllers on a wire ------------------------------------------------------------


def test_from_nothing_to_frames(pair, capsys):
    one, other = pair
    lines = up(capsys, one, "--bitrate", "500k", "--restart-ms", "100")
    assert lines[-1] == f"{one} is up: 500000 bit/s, sample point 87.5 %, restarts after 100 ms"
    assert link_details(one)["linkinfo"]["info_data"]["restart_ms"] == 100
    up(capsys, other, "--bitrate", "500k")
    with can.Bus(one, "socketcan") as sender, can.Bus(other, "socketcan") as receiver:
        for number in range(20):
            sender.send(can.Message(arbitration_id=number, data=b"first"), PATIENCE)
        assert [receiver.recv(PATIENCE).arbitration_id for _ in range(20)] == list(range(20))


def test_a_second_run_does_nothing_and_says_so(pair, capsys):
    one, _ = pair
    words = (one, "--bitrate", "250k", "--restart-ms", "100", "--listen-only")
    up(capsys, *words)
    carrier_changes = _carrier_changes(one)
    (line,) = up(capsys, *words)
    assert "is up as asked, nothing to do" in line
    assert _carrier_changes(one) == carrier_changes


def _carrier_changes(name):
    return int(Path(f"/sys/class/net/{name}/carrier_changes").read_text())


def test_another_bit_rate_takes_it_down_and_up_again(pair, capsys):
    one, _ = pair
    up(capsys, one, "--bitrate", "500k")
    lines = up(capsys, one, "--bitrate", "250k", "--sample-point", "80")
    assert lines[:-1] == [
        f"bring {one} down",
        f"set {one} to bitrate 250000, sample_point 80",
        f"bring {one} up",
    ]
    assert link_details(one)["linkinfo"]["info_data"]["bittiming"]["bitrate"] == 250_000


def test_down_undoes_and_once_more_there_is_nothing_to_do(pair, capsys):
    one, _ = pair
    up(capsys, one, "--bitrate", "500k")
    assert run(capsys, "down", one)[:2] == (0, [f"{one} is down"])
    assert not get_link(one).is_up
    assert run(capsys, "down", one)[:2] == (0, [f"{one} is down already: nothing to do"])


@pytest.mark.parametrize(
    "words",
    [
        ("--bitrate", "500k", "--restart-ms", "100"),
        ("--bitrate", "125k", "--sample-point", "80", "--listen-only", "--txqueuelen", "50"),
        ("--tq", "250", "--prop-seg", "5", "--phase-seg1", "6", "--phase-seg2", "4", "--one-shot"),
    ],
)
def test_the_commands_of_a_dry_run_do_the_same_in_sh(pair, capsys, words):
    one, _ = pair
    before = settings(one)
    lines = up(capsys, one, *words, "--dry-run")
    assert settings(one) == before
    up(capsys, one, *words)
    wanted = settings(one)
    _make_as_new(one)
    done = subprocess.run(["sh"], input="\n".join(lines), text=True, capture_output=True)
    assert done.stderr == ""
    assert settings(one) == wanted


def test_the_same_as_json(pair, capsys):
    one, _ = pair
    facts = json.loads("\n".join(up(capsys, one, "--bitrate", "500k", "--json")))
    assert facts["link"]["name"] == one
    assert facts["link"]["is_up"] is True
    assert facts["done"][-1] == f"bring {one} up"
    commands = json.loads("\n".join(up(capsys, one, "--bitrate", "1M", "--json", "--dry-run")))
    assert commands["commands"][0] == f"ip link set dev {one} down"


def test_a_bit_rate_that_cannot_be_is_an_error_with_the_limits_and_changes_nothing(pair, capsys):
    one, _ = pair
    up(capsys, one, "--bitrate", "500k")
    before = settings(one)
    status, _, complaints = run(capsys, "up", one, "--bitrate", "3M")
    assert status == 1
    assert "its clock of 8000000 Hz makes 5000 to 2666666 bit/s" in complaints[0]
    assert len(complaints) == 2
    assert settings(one) == before


def test_what_the_kernel_did_in_part_before_it_refused_is_put_back(pair, capsys):
    one, _ = pair
    up(capsys, one, "--bitrate", "500k")
    before = settings(one)
    status, _, complaints = run(
        capsys, "up", one, "--bitrate", "250k", "--fd", "--data-bitrate", "2M"
    )
    assert status == 1
    assert "does not have it" in complaints[0]
    assert settings(one) == before


def test_several_channels_have_to_be_told_apart(pair, capsys):
    status, _, complaints = run(capsys, "up", "kvaser", "--bitrate", "500k")
    assert status == 2
    assert all(name in complaints[0] for name in pair)
    one, _ = pair
    up(capsys, "kvaser", "--name", one, "--bitrate", "500k")
    assert get_link(one).is_up


def test_a_setting_that_the_driver_lacks_is_reported_and_strict_makes_an_error_of_it(pair, capsys):
    one, _ = pair
    words = ("up", one, "--bitrate", "500k", "--termination", "120")
    status, _, complaints = run(capsys, *words)
    assert status == 0
    why = "its driver kvaser_pci does not have it"
    assert complaints == [f"canbus: warning: {one}: termination=120 was refused: {why}"]
    before = settings(one)
    status, _, complaints = run(capsys, *words, "--strict")
    assert status == 1
    assert "termination" in complaints[0]
    assert settings(one) == before


def test_a_user_without_rights_gets_one_line_and_a_remedy(pair, capsys, tmp_path):
    one, _ = pair
    up(capsys, one, "--bitrate", "500k")
    before = settings(one)
    for words, status in (
        (("up", one, "--bitrate", "500k"), 0),
        (("up", one, "--bitrate", "250k"), 1),
        (("up", one, "--bitrate", "250k", "--dry-run"), 0),
        (("down", one), 1),
        (("restart", one), 1),
        (("up", "vcan7"), 1),
        (("list",), 0),
        (("show", one), 0),
        (("stats", one), 0),
    ):
        done, complaints = _as_nobody(tmp_path, *words)
        assert done == status, (words, complaints)
        advice = words == ("list",)  # as other links are down, which is no complaint
        assert len(complaints) <= 1 if advice else len(complaints) == 2 * status, (
            words,
            complaints,
        )
        if status:
            assert "sudo" in complaints[1], (words, complaints)
        assert settings(one) == before


def _as_nobody(folder, *words):
    """The status and complaints of the command in a child that has given up every right."""
    said = folder / "said"
    child = os.fork()
    if not child:
        with said.open("w") as stderr:
            os.dup2(stderr.fileno(), 2)
            sys.stderr = stderr
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            status = main(list(words))
            stderr.flush()
            os._exit(status)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), said.read_text().splitlines()


# -- the bus sets its own link up ----------------------------------------------------------


def test_a_bus_configures_its_link_or_says_what_differs(pair):
    one, other = pair
    with can.Bus(one, "socketcan", bitrate=250_000, sample_point=80.0, configure=True):
        assert link_details(one)["linkinfo"]["info_data"]["bittiming"]["bitrate"] == 250_000
        assert get_link(one).is_up
    with pytest.raises(can.CanConfigError, match="bitrate is 250000, not 500000"):
        can.Bus(one, "socketcan", bitrate=500_000)
    can.Bus(one, "socketcan", bitrate=250_000).shutdown()
    with pytest.raises(can.CanInitializationError, match="does not have it"):
        can.Bus(other, "socketcan", bitrate=250_000, data_bitrate=10**6, fd=True, configure=True)


# -- PCAN-USB -----------------------------------------------------------------------------


def test_pcan_from_no_driver_to_an_interface_that_is_up(pcan_usb, capsys):
    subprocess.run(["modprobe", "-r", "peak_usb"], check=True)
    lines = up(capsys, "pcan", "--bitrate", "500k", "--restart-ms", "200")
    assert lines[:2] == [
        "load the kernel module peak_usb",
        "wait for the interface of a PCAN adapter",
    ]
    (name,) = pcan_usb.netdevs
    assert lines[-1].startswith(f"{name} is up: 500000 bit/s")
    channel = pcan_usb.state()["channels"][0]
    assert (channel["on"], channel["bitrate"]) == (True, 500_000)
    (line,) = up(capsys, "pcan", "--bitrate", "500k", "--restart-ms", "200")
    assert line.startswith(f"{name} is up as asked, nothing to do: 500000 bit/s")


def test_pcan_the_commands_of_a_dry_run_load_wait_and_configure_in_sh(pcan_usb, capsys):
    subprocess.run(["modprobe", "-r", "peak_usb"], check=True)
    lines = up(capsys, "pcan", "--bitrate", "250k", "--restart-ms", "100", "--dry-run")
    done = subprocess.run(["sh"], input="\n".join(lines), text=True, capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert up(capsys, "pcan", "--bitrate", "250k", "--restart-ms", "100")[0].endswith(
        "restarts after 100 ms"
    )
    assert get_link(pcan_usb.netdevs[0]).is_up


def test_pcan_a_new_adapter_needs_a_bit_rate(pcan_usb, capsys):
    subprocess.run(["modprobe", "-r", "peak_usb"], check=True)
    status, _, complaints = run(capsys, "up", "pcan")
    assert status == 2
    assert "--bitrate" in complaints[1]
    assert up(capsys, "pcan", "--bitrate", "500k")


def test_pcan_that_is_not_there_is_said_to_be_missing(pcan_usb, capsys):
    pcan_usb.unplug()
    try:
        status, _, complaints = run(capsys, "up", "pcan", "--bitrate", "500k", "--wait", "0.5")
    finally:
        pcan_usb.plug()
    assert status == 1
    assert "did not appear within 0.5 s" in complaints[0]
    assert "is it plugged in?" in complaints[1]


def _counted(name):
    """How often it was bus-off, and was restarted."""
    counters = get_link(name).statistics
    return counters.bus_off or 0, counters.restarts or 0


def _to_bus_off(pcan_usb, name):
    before, _ = _counted(name)
    pcan_usb.fault("short")
    with can.Bus(name, "socketcan") as bus:
        bus.send(can.Message(arbitration_id=1), PATIENCE)
        wait_until(lambda: _counted(name)[0] > before)
    pcan_usb.fault("none")


def test_pcan_with_restart_ms_recovers_by_itself(pcan_usb, capsys):
    up(capsys, "pcan", "--bitrate", "500k", "--restart-ms", "200")
    (name,) = pcan_usb.netdevs
    _, before = _counted(name)
    _to_bus_off(pcan_usb, name)
    wait_until(lambda: _counted(name)[1] > before)
    wait_until(lambda: can_state(name) == "ERROR-ACTIVE")


def test_pcan_without_restart_ms_stays_off_until_it_is_restarted(pcan_usb, capsys):
    up(capsys, "pcan", "--bitrate", "500k", "--restart-ms", "0")
    (name,) = pcan_usb.netdevs
    _to_bus_off(pcan_usb, name)
    assert can_state(name) == "BUS-OFF"
    assert run(capsys, "restart", name)[0] == 0
    wait_until(lambda: can_state(name) == "ERROR-ACTIVE")
    assert run(capsys, "restart", name)[0] == 1  # it is not bus-off


# -- candleLight --------------------------------------------------------------------------


def test_candlelight_refuses_restart_ms_and_comes_up_all_the_same(gs_usb, capsys):
    name = gs_usb.netdevs[0]
    words = ("up", name, "--bitrate", "500k", "--restart-ms", "100")
    status, lines, complaints = run(capsys, *words)
    assert status == 0
    (complaint,) = complaints
    assert f"{name}: restart_ms=100 was refused: its driver gs_usb does not have it" in complaint
    assert get_link(name).is_up
    carrier_changes = _carrier_changes(name)
    status, lines, complaints = run(capsys, *words)
    assert (status, len(complaints)) == (0, 1)
    assert "nothing more to do" in lines[-1]
    assert _carrier_changes(name) == carrier_changes


def test_candlelight_with_fd(gs_usb, capsys):
    name = gs_usb.netdevs[0]
    lines = up(capsys, name, "--bitrate", "500k", "--fd", "--data-bitrate", "2M",
               "--termination", "120")  # fmt: skip
    assert "data 2000000 bit/s" in lines[-1]
    link = get_link(name)
    assert (link.mtu, link.data_bitrate, link.termination) == (72, 2_000_000, 120)
    assert up(capsys, name, "--bitrate", "500k", "--fd", "--data-bitrate", "2M")[0].count("nothing")
    with can.Bus(name, "socketcan", fd=True, data_bitrate=2_000_000) as bus:
        bus.send(can.Message(arbitration_id=1, data=bytes(64), is_fd=True, bitrate_switch=True))
        (sent,) = gs_usb.wait_for_sent(1)
        assert len(sent.msg.data) == 64
    set_down(name)
    lines = up(capsys, name, "--no-fd", "--bitrate", "500k")
    assert get_link(name).mtu == 16


def test_the_library_does_the_same(gs_usb):
    name = gs_usb.netdevs[1]
    request = Request(target=name, config=LinkConfig(bitrate=125_000, up=True))
    assert commands_for(request)
    said: list[str] = []
    done = bring_up(request, said.append)
    assert done.done == tuple(said)
    assert done.link.bitrate == 125_000
    assert commands_for(request) == []
