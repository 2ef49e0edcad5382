"""The way out: the transmit queue, its discipline, and frames that never left."""

from __future__ import annotations

from collections.abc import Iterator

from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.movement import moved
from canbus.bringup.doctor.system import System
from canbus.link_info import LinkInfo
from canbus.links.plan import VIRTUAL

_USUAL = 10
"""Frames that the queue of a controller holds if nobody says otherwise (can_setup,
drivers/net/can/dev/dev.c)."""
_FIT = frozenset(
    {
        "pfifo_fast",
        "pfifo",
        "bfifo",
        "pfifo_head_drop",
        "noop",
        "mq",
        "prio",
        "plug",
        "etf",
        "taprio",
    }
)
"""Those that send what came first first, those that somebody made for a purpose, and that of a link
that has not been up yet."""


def look(system: System) -> Iterator[Finding]:
    """Each interface that is up."""
    for link in system.asked_links:
        if link.is_up and link.kind not in VIRTUAL:
            yield from _discipline(system, link)
            yield from _dropped(system, link)
            yield from _length(link)


def _discipline(system: System, link: LinkInfo) -> Iterator[Finding]:
    # Since Linux 5.4 CAN gets a pfifo_fast whatever the default is (attach_one_default_qdisc,
    # net/sched/sch_generic.c): another one is an old kernel's, or somebody's wish.
    found = link.qdisc
    if found is None or found in _FIT:
        return
    usual = system.text("/proc/sys/net/core/default_qdisc")
    if found == "noqueue":
        what = f"{link.name} has no transmit queue"
        why = "A frame that comes while another one is on its way out is thrown away."
    else:
        what = f"the queue of {link.name} is one for the internet, {found}, which drops frames"
        why = "It shares a line between connections, which CAN has not: under load frames overtake "
        why += "each other or are thrown away. (systemd issue 9194)"
    yield Finding(
        name="qdisc-not-for-can",
        severity=Severity.WARNING,
        what=what,
        evidence=(
            f"queue discipline {found} (netlink)",
            *((f"/proc/sys/net/core/default_qdisc: {usual[:40]}",) if usual else ()),
        ),
        meaning=why,
        commands=(f"sudo tc qdisc replace dev {link.name} root pfifo_fast",),
        likelihood=Likelihood.LIKELY,
        channel=link.name,
    )


def _dropped(system: System, link: LinkInfo) -> Iterator[Finding]:
    dropped, now = link.statistics.tx_dropped, moved(system, link, "tx_dropped")
    if not dropped or "listen_only" in link.modes:  # which link.py tells of
        return
    yield Finding(
        name="frames-not-sent",
        severity=Severity.WARNING if now else Severity.NOTE,
        what=f"{dropped} frames for {link.name} were dropped instead of sent",
        evidence=(
            f"tx_dropped {dropped} (netlink)",
            *((f"{now} of them while this was looked at",) if now else ()),
        ),
        meaning="The driver throws frames away while the controller is bus-off, and what waited "
        "when the interface went down.",
        commands=(f"canbus stats {link.name} --interval 1",),
        likelihood=Likelihood.POSSIBLE,
        channel=link.name,
    )


def _length(link: LinkInfo) -> Iterator[Finding]:
    if link.txqueuelen > _USUAL:
        return
    yield Finding(
        name="short-queue",
        severity=Severity.NOTE,
        what=f"the transmit queue of {link.name} holds {link.txqueuelen} frames",
        evidence=(f"txqueuelen {link.txqueuelen} (netlink)",),
        meaning='A program that sends more at once gets "No buffer space available" (ENOBUFS) '
        "unless it waits, as `send` of canbus does. A long queue makes old frames wait.",
        commands=(f"canbus up {link.name} --txqueuelen 100",),
        likelihood=Likelihood.POSSIBLE,
        channel=link.name,
    )
