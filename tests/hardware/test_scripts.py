"""scripts/ on emulated adapters under the stock drivers: nothing there yet, up, twice."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import canbus as can
from canbus.links import get_link, list_links
from tests.hardware.network import can_state, ip, link_details, link_down, wait_until

ROOT = Path(__file__).parents[2]
PATIENCE = 60

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def defaults(tmp_path):
    """The file of defaults, empty at first."""
    path = tmp_path / "etc default"
    path.write_text("")
    return path


@pytest.fixture
def start(defaults):
    """Starts a script as at boot: hardly an environment, no terminal, another folder."""

    def start_script(script, *words):
        return subprocess.Popen(
            ["sh", str(ROOT / "scripts" / script), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env={"CANBUS_DEFAULTS": str(defaults), "PATH": os.environ["PATH"]},
        )

    return start_script


@pytest.fixture
def run(start):
    return lambda *words: ended(start(*words))


def ended(process):
    """Status, lines and complaints of a script that ends by itself."""
    out, err = process.communicate(timeout=PATIENCE * 2)
    return process.returncode, out.splitlines(), err.splitlines()


def canbus(*words):
    command = [ROOT / ".venv/bin/canbus", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def sh(lines):
    done = subprocess.run(["sh"], input="\n".join(lines), text=True, capture_output=True)
    return done.returncode, done.stderr


def settings(name):
    """What `ip` says of a link that does not change by itself."""
    link = link_details(name)
    data = dict(link["linkinfo"]["info_data"])
    for volatile in ("state", "berr_counter"):
        data.pop(volatile, None)
    return data, "UP" in link["flags"], link["mtu"], link["txqlen"]


# -- PCAN-USB -----------------------------------------------------------------------------


def test_pcan_from_no_driver_to_up_with_the_defaults_and_again(pcan_usb, run, defaults):
    subprocess.run(["modprobe", "-r", "peak_usb"], check=True)
    defaults.write_text("PCAN_BITRATE=500k\nPCAN_RESTART_MS=200\nPCAN_WAIT=30\n")
    status, lines, complaints = run("canbus-pcan.sh")
    assert (status, complaints) == (0, [])
    (name,) = pcan_usb.netdevs
    assert lines[-1].startswith(f"{name} is up: 500000 bit/s")
    assert lines[-1].endswith("restarts after 200 ms")
    status, lines, complaints = run("canbus-pcan.sh")
    assert (status, complaints) == (0, [])
    assert lines[0].startswith(f"{name} is up as asked, nothing to do")


def test_pcan_the_commands_of_a_dry_run_do_the_same_as_the_script(pcan_usb, run):
    words = ("canbus-pcan.sh", "--bitrate", "125k", "--restart-ms", "100", "--listen-only")
    (name,) = pcan_usb.netdevs
    ip("link", "set", name, "type", "can", "bitrate", "500000", "restart-ms", "0")
    before = settings(name)
    status, lines, complaints = run(*words, "--dry-run")
    assert (status, complaints, settings(name)) == (0, [], before)
    assert run(*words)[0] == 0
    wanted = settings(name)
    link_down(name)
    ip("link", "set", name, "type", "can", "bitrate", "500000", "restart-ms", "0",
       "listen-only", "off")  # fmt: skip
    assert sh(lines) == (0, "")
    assert settings(name) == wanted
    link_down(name)
    ip("link", "set", name, "type", "can", "listen-only", "off", "restart-ms", "0")


def test_pcan_that_comes_after_the_script_is_waited_for(pcan_usb, start):
    pcan_usb.unplug()
    process = start("canbus-pcan.sh", "--bitrate", "500k", "--wait", str(PATIENCE))
    while "wait for" not in process.stdout.readline():
        assert process.poll() is None
    pcan_usb.plug()
    assert ended(process)[::2] == (0, [])
    assert get_link(pcan_usb.netdevs[0]).is_up


# -- restart-ms ---------------------------------------------------------------------------


@pytest.fixture
def kvaser(controllers):
    """A Kvaser card, up, without restart."""
    name, _ = controllers
    link_down(name)
    ip("link", "set", name, "up", "type", "can", "bitrate", "500000", "restart-ms", "0")
    yield name
    link_down(name)
    ip("link", "set", name, "up", "type", "can", "bitrate", "500000", "restart-ms", "0")


def test_restart_ms_is_told_set_and_told_again(kvaser, run):
    assert run("canbus-restart-ms.sh", kvaser) == (0, ["0"], [])
    status, lines, complaints = run("canbus-restart-ms.sh", kvaser, "100", "--dry-run")
    assert (status, complaints) == (0, [])
    assert link_details(kvaser)["linkinfo"]["info_data"].get("restart_ms", 0) == 0
    assert run("canbus-restart-ms.sh", kvaser, "100")[0] == 0
    wanted = settings(kvaser)
    assert wanted[0]["restart_ms"] == 100
    assert run("canbus-restart-ms.sh", kvaser) == (0, ["100"], [])
    carrier_changes = Path(f"/sys/class/net/{kvaser}/carrier_changes")
    before = carrier_changes.read_text()
    assert "nothing to do" in run("canbus-restart-ms.sh", kvaser, "100")[1][-1]
    assert carrier_changes.read_text() == before
    link_down(kvaser)
    ip("link", "set", kvaser, "up", "type", "can", "restart-ms", "0")
    assert sh(lines) == (0, "")
    assert settings(kvaser) == wanted


def test_restart_ms_that_the_driver_does_not_have_is_an_error(gs_usb, run):
    name = gs_usb.netdevs[0]
    ip("link", "set", name, "up", "type", "can", "bitrate", "500000")
    before = settings(name)
    status, _, complaints = run("canbus-restart-ms.sh", name, "100")
    assert (status, len(complaints)) == (1, 2)
    assert "restart_ms" in complaints[0]
    assert settings(name) == before


def test_a_controller_is_brought_back_from_bus_off_by_hand(pcan_usb, run):
    (name,) = pcan_usb.netdevs
    ip("link", "set", name, "up", "type", "can", "bitrate", "500000", "restart-ms", "0")
    for bring_back in (
        lambda: run("canbus-restart-ms.sh", name, "--restart"),
        lambda: sh(run("canbus-restart-ms.sh", name, "--restart", "--dry-run")[1]),
    ):
        before = get_link(name).statistics.bus_off
        pcan_usb.fault("short")
        with can.Bus(name, "socketcan") as bus:
            bus.send(can.Message(arbitration_id=1), PATIENCE)
            wait_until(lambda: get_link(name).statistics.bus_off > before, PATIENCE)  # noqa: B023
        pcan_usb.fault("none")
        assert can_state(name) == "BUS-OFF"
        assert bring_back()[0] == 0
        wait_until(lambda: can_state(name) == "ERROR-ACTIVE")


# -- a serial port ------------------------------------------------------------------------


@pytest.fixture
def port():
    """A path that stays the same, as udev makes it: the kernel may number the port anew."""
    path = Path("/dev/ttyCanbusLate")
    yield path
    path.unlink(missing_ok=True)


def test_a_serial_adapter_that_comes_late_is_brought_up_once(
    serial_adapter, port, start, run, defaults
):
    serial_adapter.unplug()
    defaults.write_text(f"SERIAL_PORT={port}\nSERIAL_BITRATE=250k\nSERIAL_NAME=can77\n")
    process = start("canbus-serial.sh", "--wait", str(PATIENCE))
    line = process.stderr.readline()
    assert line == f"canbus-serial.sh: waiting for the serial port {port}\n"
    serial_adapter.plug()
    port.symlink_to(serial_adapter.tty)
    try:
        status, lines, complaints = ended(process)
        assert (status, complaints) == (0, []), lines
        link = get_link("can77")
        assert (link.is_up, link.bitrate) == (True, 250_000)
        with can.Bus("can77", "socketcan") as bus:
            bus.send(can.Message.parse("123#DEAD"))
            assert format(serial_adapter.wait_for_sent(1)[0].msg, "candump") == "123#DEAD"
        status, lines, _ = run("canbus-serial.sh")
        assert (status, len(lines)) == (0, 1)
        assert "nothing to do" in lines[0]
    finally:
        down = canbus("down", "can77")
    assert down.returncode == 0, down.stderr
    assert "can77" not in [link.name for link in list_links()]
