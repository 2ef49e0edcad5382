"""Every family of adapters over a reboot, set up by networkd and by units; and taken away again.

The adapters on USB are emulated inside the machine and plugged in during the boot. Without
hardware here: an MCP251x HAT, whose files are those of any other controller with a name; and
Intrepid's daemon, a stand-in that makes a link of the name and alias that the real one gives.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.lab.reboots import KVASER, SystemdGuest
from tests.reboot import machine
from tests.reboot.machine import STATE, bitrate, links, questions, setting

pytestmark = [pytest.mark.lab, pytest.mark.soak, pytest.mark.timeout(2400)]

ADAPTERS_UNIT = """\
[Unit]
Description=Emulated adapters on USB

[Service]
Type=exec
ExecStart=/usr/local/bin/lab-adapters

[Install]
WantedBy=multi-user.target
"""
# A PCAN-USB has no serial number and is told by its place: it comes first, so has the first port.
ADAPTERS = """\
#!/bin/sh
python3 -m canbus.testing.usb pcan_usb &
lab-until 120 grep -Eqs '^hs +0000 00[56]' /sys/devices/platform/vhci_hcd.0/status
python3 -m canbus.testing.usb gs_usb &
python3 -m canbus.testing.usb cdc_acm &
wait
"""
# udev hears of the link before it has its alias; the real module gives it first (intrepid.c).
DAEMON = """\
#!/bin/sh
ip link add dev can9 type vcan
ip link set dev can9 alias hscan_61777
udevadm trigger --action=add /sys/class/net/can9
exec sleep infinity
"""
FILES = {
    "/etc/systemd/system/lab-adapters.service": ADAPTERS_UNIT,
    "/usr/local/bin/lab-adapters": ADAPTERS,
    "/usr/local/bin/libicsneo-socketcan-daemon": DAEMON,
    "/etc/modprobe.d/intrepid.conf": "install intrepid true\n",
    # What is online besides, as on any machine; else nothing can be.
    "/etc/systemd/network/10-online.netdev": "[NetDev]\nName=dummy0\nKind=dummy\n",
    "/etc/systemd/network/10-online.network": "[Match]\nName=dummy0\n"
    "[Network]\nAddress=192.0.2.1/24\n",
}
PLUG = """
systemctl enable systemd-networkd
systemctl enable --now lab-adapters
lab-until 120 test -e /dev/ttyACM0 -a -e /sys/class/net/can2 -a -e /sys/class/net/can3
udevadm settle
"""
WRITE = """
keep() { canbus persist "$@" --yes; }
keep can0 --bitrate 500k --sample-point 75 --restart-ms 100 --berr-reporting --manager MANAGER
keep can1 --bitrate 20k --name can_kvaser --txqueuelen 64 --manager MANAGER
keep candlelight --bitrate 1M --fd --data-bitrate 2M --termination 120 --restart-ms 100 \
    --txqueuelen 128 --name can_light --manager MANAGER
keep pcan --bitrate 250k --restart-ms 200 --one-shot --name can_peak --manager MANAGER
keep serial /dev/ttyACM0 --bitrate 125k --listen-only --name can_acm
keep intrepid --network hscan_61777 --bitrate 500k --name can_hs
keep vcan0 --txqueuelen 50 --manager MANAGER
"""
VERIFY = {
    "units": "systemd-analyze verify --man=no /etc/systemd/system/canbus-*.service 2>&1",
    "rules": "udevadm verify /etc/udev/rules.d/*-canbus-*.rules",
}
KEPT = ["can0", "can_acm", "can_hs", "can_kvaser", "can_light", "can_peak", "vcan0"]
WAIT = "lab-until 120 sh -c '[ $(ip -o link show up | grep -c can) = 7 ]'\n"
ONLINE = {"online": "/usr/lib/systemd/systemd-networkd-wait-online --timeout=60 && echo yes"}
REMOVE = "".join(f"canbus persist --remove {name} --yes\n" for name in KEPT)
LEFT = {"left": "find /etc -name '*canbus-*'; ls -A /dev/canbus 2>/dev/null"}


class Boots(NamedTuple):
    """What was seen."""

    said: str
    first: dict[str, str]
    second: dict[str, str]
    removed: dict[str, str]


@pytest.fixture(scope="module", params=["networkd", "unit"])
def boots(request: pytest.FixtureRequest) -> Boots:
    with SystemdGuest(qemu_args=(KVASER,), files=FILES) as guest:
        write = WRITE.replace("MANAGER", request.param)
        first = guest.boot(PLUG + write + questions(**VERIFY))
        second = guest.boot(WAIT + questions(**STATE, **ONLINE) + "\n" + REMOVE)
        third = guest.boot(questions(**STATE, **LEFT))
    seen = [machine.answers(boot.output) for boot in (first, second, third)]
    return Boots(first.output, *seen)


def test_systemd_and_udev_find_nothing_wrong(boots):
    assert boots.first["units"] == ""
    assert "Fail:    0" in boots.first["rules"]


def test_all_are_up_with_their_bit_rates(boots):
    there = links(boots.second["links"])
    assert sorted(there) == KEPT
    assert all("UP" in link["flags"] for link in there.values())
    assert {
        name: bitrate(link) for name, link in there.items() if "info_data" in link["linkinfo"]
    } == {
        "can0": 500_000,
        "can_kvaser": 20_000,
        "can_light": 1_000_000,
        "can_peak": 250_000,
        "can_acm": 125_000,
    }
    assert (boots.second["system"], boots.second["failed"]) == ("running", "")


def test_each_has_what_was_asked_for(boots):
    there = links(boots.second["links"])
    assert setting(there["can0"], "ctrlmode") == ["BERR-REPORTING"]
    assert setting(there["can0"], "bittiming")["sample_point"] == "0.750"
    assert setting(there["can0"], "restart_ms") == 100
    assert there["can_kvaser"]["txqlen"] == 64
    assert setting(there["can_light"], "ctrlmode") == ["FD"]
    assert setting(there["can_light"], "data_bittiming")["bitrate"] == 2_000_000
    assert (setting(there["can_light"], "termination"), there["can_light"]["txqlen"]) == (120, 128)
    assert setting(there["can_peak"], "ctrlmode") == ["ONE-SHOT"]
    assert setting(there["can_peak"], "restart_ms") == 200
    assert setting(there["can_acm"], "ctrlmode") == ["LISTEN-ONLY"]
    assert there["can_hs"]["ifalias"] == "hscan_61777"
    assert (there["vcan0"]["mtu"], there["vcan0"]["txqlen"]) == (72, 50)


def test_a_restart_that_the_driver_has_not_is_told_and_left_out(boots):
    assert "restart_ms 100 is left out: its driver has no restart from bus-off" in boots.said


def test_the_network_is_online_all_the_same(boots):
    assert boots.second["online"].startswith("yes")


def test_what_is_taken_away_is_gone_after_the_next_boot(boots):
    there = links(boots.removed["links"])
    assert [name for name, link in there.items() if "UP" in link["flags"]] == []
    assert not any(name in there for name in KEPT if name != "can0")
    assert boots.removed["left"] == ""
    assert (boots.removed["system"], boots.removed["failed"]) == ("running", "")
