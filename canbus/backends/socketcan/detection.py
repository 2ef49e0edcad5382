"""Which CAN interfaces this machine has, up or down, for `detect_available_configs`."""

from __future__ import annotations

from canbus.detected import DetectedChannel
from canbus.link_info import LinkInfo
from canbus.links.addressing import address
from canbus.links.reading import read_links


def detect() -> list[DetectedChannel]:
    """Each interface.

    Raises:
        CanUnsupportedError: not Linux.
        CanLinkError: the kernel refused to tell.
    """
    links = read_links()
    return [
        DetectedChannel("socketcan", link.name, _facts(link), address(link, links))
        for link in links
    ]


def _facts(link: LinkInfo) -> dict[str, object]:
    facts: dict[str, object] = {
        "kind": link.kind,
        "is_up": link.is_up,
        "state": None if link.state is None else link.state.name,
        "alias": link.alias,
    }
    timing, data = link.bit_timing, link.data_bit_timing
    if timing is not None and timing.is_known:
        facts["bitrate"] = timing.bitrate
    if data is not None and data.is_known:
        facts["data_bitrate"] = data.bitrate
    if link.device is not None:
        facts |= link.device._asdict()
    return facts
