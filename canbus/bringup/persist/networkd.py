"""systemd-networkd's files: .network, .link and .netdev of a link, and which settings it knows.

The keys and the versions they came with are those of man/systemd.network.xml and
man/systemd.link.xml, spelled as in src/network/networkd-network-gperf.gperf: PresumeACK, not
PresumeAck as newer pages have it.
"""

from __future__ import annotations

from typing import NamedTuple

from canbus.bringup.persist.files import section, sections
from canbus.link_config import LinkConfig
from canbus.link_info import CAN_MTU, CANFD_MTU, CANXL_MTU


class Key(NamedTuple):
    """A key of networkd's for one setting.

    Attributes:
        name: in the section [CAN].
        since: version of systemd that knows it.
    """

    name: str
    since: int


KEYS = {
    "bitrate": Key("BitRate", 239),
    "sample_point": Key("SamplePoint", 239),
    "tq": Key("TimeQuantaNSec", 250),
    "prop_seg": Key("PropagationSegment", 250),
    "phase_seg1": Key("PhaseBufferSegment1", 250),
    "phase_seg2": Key("PhaseBufferSegment2", 250),
    "sjw": Key("SyncJumpWidth", 250),
    "data_bitrate": Key("DataBitRate", 246),
    "data_sample_point": Key("DataSamplePoint", 246),
    "data_tq": Key("DataTimeQuantaNSec", 250),
    "data_prop_seg": Key("DataPropagationSegment", 250),
    "data_phase_seg1": Key("DataPhaseBufferSegment1", 250),
    "data_phase_seg2": Key("DataPhaseBufferSegment2", 250),
    "data_sjw": Key("DataSyncJumpWidth", 250),
    "fd": Key("FDMode", 246),
    "loopback": Key("Loopback", 250),
    "listen_only": Key("ListenOnly", 246),
    "triple_sampling": Key("TripleSampling", 242),
    "one_shot": Key("OneShot", 250),
    "berr_reporting": Key("BusErrorReporting", 248),
    "presume_ack": Key("PresumeACK", 250),
    "fd_non_iso": Key("FDNonISO", 246),
    "cc_len8_dlc": Key("ClassicDataLengthCode", 250),
    "restart_ms": Key("RestartSec", 239),
    "termination": Key("Termination", 246),
}
QUEUE_SINCE = 248
"""TransmitQueueLength= in .link files."""

OHMS_SINCE = 252
"""Before, Termination= was a switch, for 120 ohms (can_termination in networkd-can.c of 249)."""

USUAL_OHMS = 120

LINK_FACT = "CANBUS_LINK"
"""A property that our udev rule gives a link, for .link files to know it by."""


def unknown_settings(config: LinkConfig, version: int) -> list[str]:
    """What this version of systemd cannot be told, in words: "one_shot (systemd 250)"."""
    found = [
        f"{name} (systemd {KEYS[name].since})"
        for name, _ in config.given()
        if name in KEYS and version < KEYS[name].since
    ]
    if config.txqueuelen is not None and version < QUEUE_SINCE:
        found.append(f"txqueuelen (systemd {QUEUE_SINCE})")
    if config.termination not in {None, 0, USUAL_OHMS} and version < OHMS_SINCE:
        found.append(f"termination {config.termination} (systemd {OHMS_SINCE})")
    return found


def network_text(name: str, config: LinkConfig, version: int) -> str:
    """A .network file.

    RequiredForOnline=no: a CAN link has no addresses and never is online in networkd's sense, so
    that systemd-networkd-wait-online would hold up the boot for two minutes.
    """
    can = [
        f"{KEYS[setting].name}={_value(setting, value, version)}"
        for setting, value in config.given()
        if setting in KEYS
    ]
    return sections(
        section("Match", f"Name={name}"),
        section("Link", "RequiredForOnline=no"),
        section("CAN", *can) if can else "",
    )


def virtual_network_text(name: str) -> str:
    """A .network file that brings a virtual link up."""
    return sections(section("Match", f"Name={name}"), section("Link", "RequiredForOnline=no"))


def netdev_text(name: str, mtu: int) -> str:
    """A .netdev file, which makes a vcan link."""
    return section("NetDev", f"Name={name}", "Kind=vcan", f"MTUBytes={mtu}")


def link_text(name: str, txqueuelen: int, *, is_named: bool) -> str:
    """A .link file, which udev reads, for the length of the transmit queue.

    Args:
        name: of the link.
        txqueuelen: frames.
        is_named: a rule of ours gives it that name, and the property LINK_FACT; else the kernel
            does.
    """
    match = f"Property={LINK_FACT}={name}" if is_named else f"OriginalName={name}"
    return sections(section("Match", match), section("Link", f"TransmitQueueLength={txqueuelen}"))


def mtu_of(config: LinkConfig) -> int:
    """The MTU of a virtual link, which says by that alone which frames it carries."""
    if config.xl:
        return CANXL_MTU
    return CAN_MTU if config.fd is False else CANFD_MTU


def _value(setting: str, value: object, version: int) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if setting.endswith("sample_point"):
        return f"{value:.1f}%"
    if setting.endswith("tq"):
        return f"{value}ns"
    if setting == "restart_ms":
        return f"{value}ms"
    if setting == "termination" and version < OHMS_SINCE:
        return "yes" if value else "no"
    return str(value)
