"""LinkStep: one change of one interface, as a value that can be shown, done, or pasted as `ip`.

Which steps are needed is decided in plan.py; doing them is the work of netlink.py.
"""

from __future__ import annotations

from typing import NamedTuple

Setting = tuple[str, object]

REQUIRED = frozenset({"timing", "mtu", "listen_only", "loopback", "fd_non_iso", "up", "down"})
"""Steps that decide whether the link may be on this bus at all: if one fails, nothing is left half
done. The others (`restart_ms`, `one_shot`) may be refused by a driver and are then reported, while
the link comes up all the same."""

_TIMING_WORDS = {
    "bitrate": "bitrate",
    "sample_point": "sample-point",
    "tq": "tq",
    "prop_seg": "prop-seg",
    "phase_seg1": "phase-seg1",
    "phase_seg2": "phase-seg2",
    "sjw": "sjw",
}
_OWN_WORDS = {"restart_ms": "restart-ms", "termination": "termination"}  # after "type can"


class LinkStep(NamedTuple):
    """One change of a link.

    Attributes:
        link: name of the interface.
        action: "down", "up", "timing", "mtu", or the name of the one setting that it changes.
        settings: names of `LinkConfig` (or "mtu") and their new values.
    """

    link: str
    action: str
    settings: tuple[Setting, ...] = ()

    @property
    def is_required(self) -> bool:
        """Whether the rest makes no sense without it."""
        return self.action in REQUIRED

    @property
    def needs_down(self) -> bool:
        """Whether the kernel refuses it (EBUSY) while the link is up."""
        return self.action not in {"up", "down", "txqueuelen", "termination"}

    def command(self) -> tuple[str, ...]:
        """The same as a command of iproute2, word by word."""
        start = ("ip", "link", "set", "dev", self.link)
        if self.action in {"up", "down"}:
            return (*start, self.action)
        if self.action in {"mtu", "txqueuelen"}:
            return (*start, self.action, str(self.settings[0][1]))
        words = [word for setting in self.settings for word in _words(*setting)]
        return (*start, "type", "can", *words)

    def explain(self) -> str:
        """The same in words."""
        if self.action in {"up", "down"}:
            return f"bring {self.link} {self.action}"
        what = ", ".join(_described(name, value) for name, value in self.settings)
        return f"set {self.link} to {what}"


def _words(name: str, value: object) -> tuple[str, str]:
    """How `ip link set ... type can` spells one setting (ip/iplink_can.c of iproute2)."""
    if name in _OWN_WORDS:
        return _OWN_WORDS[name], str(value)
    prefix, plain = ("d", name[5:]) if name.startswith("data_") else ("", name)
    if plain == "sample_point" and isinstance(value, (int, float)):
        return f"{prefix}sample-point", f"{value / 100:.3f}"
    if plain in _TIMING_WORDS:
        return prefix + _TIMING_WORDS[plain], str(value)
    return name.replace("_", "-"), "on" if value else "off"


def _described(name: str, value: object) -> str:
    if isinstance(value, bool):
        return f"{name} {'on' if value else 'off'}"
    return f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
