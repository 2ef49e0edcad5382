"""No link is too strange to look at: any counter, any state, anything that is not told."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from canbus.bringup import doctor
from canbus.bringup.doctor import Severity
from canbus.bringup.steps import Context
from canbus.cli import doctor as cli
from canbus.link_info import (
    MODES,
    LinkDevice,
    LinkInfo,
    LinkStatistics,
    LinkTiming,
    TimingLimits,
)
from canbus.state import CanState
from tests.unit.doctor.fake_system import FakeSystem

WORDS = st.text(max_size=8) | st.sampled_from(["gs_usb", "peak_usb", "slcan", "mcp251x"])
U32 = st.integers(0, 2**32 - 1) | st.sampled_from([0, 1, 8, 96, 127, 128, 255, 500_000])
U64 = st.integers(0, 2**64 - 1) | st.integers(0, 3)
MAYBE_U32 = st.none() | U32


def records(kind, *fields):
    return st.builds(kind, *fields)


STATISTICS = records(LinkStatistics, *[U64] * 10, *[MAYBE_U32] * 6)
POINTS = st.floats(0, 429_496_729.5)  # tenths of a percent, in 32 bits
TIMINGS = st.none() | records(LinkTiming, U32, POINTS, *[U32] * 6)
# A controller that has no end of settings would take as long to search; none has.
LIMITS = st.none() | records(TimingLimits, WORDS, *[st.integers(0, 300)] * 8)
NAMES = st.sampled_from(["can0", "vcan0", "x\x1b[2Jy", "-o", "$(id)"])
SETS = st.frozensets(st.sampled_from(sorted(MODES)))
DEVICES = st.none() | records(LinkDevice, *[st.none() | WORDS] * 6, st.integers(0, 9))
LINKS = st.builds(
    LinkInfo,
    name=NAMES,
    index=st.integers(1, 3),
    kind=st.none() | WORDS | st.sampled_from(["can", "vcan", "vxcan"]),
    is_up=st.booleans(),
    mtu=U32,
    txqueuelen=U32,
    peer=MAYBE_U32,
    bit_timing=TIMINGS,
    bit_timing_limits=LIMITS,
    data_bit_timing=TIMINGS,
    clock=MAYBE_U32,
    bitrate_choices=st.tuples() | st.tuples(U32, U32),
    modes=SETS,
    supported_modes=st.none() | SETS,
    restart_ms=MAYBE_U32,
    termination=MAYBE_U32,
    termination_choices=st.tuples() | st.tuples(U32, U32),
    device=DEVICES,
    state=st.none() | st.sampled_from(CanState),
    tx_errors=MAYBE_U32,
    rx_errors=MAYBE_U32,
    has_carrier=st.none() | st.booleans(),
    qdisc=st.none() | WORDS | st.sampled_from(["fq_codel", "noqueue", "pfifo_fast"]),
    statistics=STATISTICS,
)


def look(links, earlier, channel):
    with tempfile.TemporaryDirectory() as folder:
        system = FakeSystem(Path(folder), {}, channel)
        system.__dict__["links"] = tuple(links)
        system.earlier = {link.index: link for link in earlier}
        return doctor.run(system=system)


@settings(max_examples=200, deadline=None)
@given(
    links=st.lists(LINKS, max_size=2),
    earlier=st.lists(LINKS, max_size=2),
    channel=st.none() | NAMES,
)
def test_no_check_raises_whatever_the_links_are(links, earlier, channel):
    found = look(links, earlier, channel)
    assert found
    for finding in found:
        assert "\n" not in finding.what
        assert finding.channel is None or channel in {None, finding.channel}
        assert json.dumps(cli._facts(finding))
        if finding.severity >= Severity.WARNING:
            assert finding.evidence
            assert finding.meaning
            assert finding.commands
    cli._show(found)


class Watched:
    """A machine that only has links, and can do nothing."""

    def __init__(self, link):
        self.link = link

    def list_links(self):
        return [self.link]


@settings(max_examples=200, deadline=None)
@given(link=LINKS, earlier=st.lists(LINKS, max_size=1))
def test_what_fix_would_do_is_only_to_bring_up_or_to_restart_that_very_link(link, earlier):
    """Told by its commands, which leave every setting as it is."""
    for finding in look([link], earlier, link.name):
        if finding.channel is None:
            continue
        for step in finding.fix:
            context = Context(Watched(link), link=finding.channel)  # type: ignore[arg-type]
            name = context.shell_name
            assert set(step.commands(context)) <= {
                f"ip link set dev {name} up",
                f"ip link set dev {name} type can restart",
            }


@settings(max_examples=100, deadline=None)
@given(link=LINKS)
def test_one_thing_at_most_is_said_of_a_bus(link):
    said = {"alone-on-the-bus", "disturbed-bus", "error-passive", "error-warning", "quiet-bus",
            "silent-bus", "wrong-bitrate", "bus-off", "bus-off-again"}  # fmt: skip
    names = [finding.name for finding in look([link], [link], link.name) if finding.name in said]
    assert len(names) <= 1 or names[0] == "wrong-bitrate"
