"""canbus.migrating: which lines are pointed at, and which are not."""

from __future__ import annotations

import re

import pytest

import canbus
from canbus.compat.installing import ONLY_THERE
from canbus.errors import CanConfigError
from canbus.migrating import RULES, findings_in
from canbus.migrating.imports import ONLY_IN_COMPAT
from tests.docs.markdown import ROOT

BUS = "bus = can.Bus()\n"
MSG = "msg = can.Message()\n"

# For each rule, source that it points at (its last line), and source that is fine.
TABLE = {
    "from-import": (
        ["from can import Bus", "from can import Message as M", "import can.message"],
        [
            "from canbus import Bus",
            "from .can import Bus",
            "import canopen",
            "from other import can",
            "from can.util import len2dlc",  # which has a finding of its own
        ],
    ),
    "compat-only": (
        [
            "can.util.len2dlc(8)",
            "import can.interfaces.virtual",
            "from can.exceptions import CanError",
            "from can import broadcastmanager",
            "print(can.VALID_INTERFACES)",
            "import can as lib\nlib.log.info('')",
        ],
        ["can.bus.BusABC", "can.interface.Bus()", "can.CanError", "import math\nmath.log(2)"],
    ),
    "log-file": (
        [
            "can.Logger('x.asc')",
            "from can import BLFReader",
            "can.io.BLFWriter",
            "import can.player",
        ],
        ["can.Printer('x.txt')", "other.Logger('x')"],
    ),
    "bustype": (["can.Bus('x', bustype='virtual')"], ["can.Bus('x', interface='virtual')"]),
    "unknown-option": (
        [
            "can.Bus('x', interface='virtual', nosuch=1)",
            "can.interface.Bus('x', 'socketcan', bitrte=500000)",
            "can.Bus('x', bustype='slcan', poll_interval=1)",
            "can.Bus('x', interface='virtual', bitrate=500000)",
            "from can import Bus\nBus('x', 'virtual', nosuch=1)",
            "can.ThreadSafeBus('x', interface='virtual', nosuch=1)",
        ],
        [
            "can.Bus('x', interface='pcan', nosuch=1)",  # python-can's own
            "can.Bus('x', interface=name, nosuch=1)",
            "can.Bus('x', interface='virtual', bitrate=None)",
            "can.Bus('x', interface='virtual', **options)",
            "Bus('x', 'virtual', nosuch=1)",
        ],
    ),
    "text-value": (
        ["can.Bus('x', interface='virtual', fd='true')", "can.Bus('x', 'slcan', bitrate='500000')"],
        ["can.Bus('x', 'virtual', fd=True)", "can.Bus('x', 'slcan', dialect='canable')"],
    ),
    "socketcan-bitrate": (
        ["can.Bus('can0', 'socketcan', bitrate=500000)"],
        ["can.Bus('can0', 'socketcan', bitrate=500000, configure=True)", "can.Bus(bitrate=500000)"],
    ),
    "inverted-filter": (
        [
            "can.Bus(can_filters=[{'can_id': 0x20000123, 'can_mask': 0x7FF}])",
            "bus.x({'can_id': 0xA0000001, 'can_mask': 1})",
        ],
        [
            "{'can_id': 0x80000123, 'can_mask': 0x7FF}",
            "{'can_id': 0x1FFFFFFF}",
            "{'other': 1 << 40}",
        ],
    ),
    "slcan-sleep": (
        ["can.Bus('x', 'slcan', sleep_after_open=1)"],
        ["can.Bus('x', 'slcan', bitrate=500000)"],
    ),
    "slcan-bitrate": (
        ["can.Bus('x', 'slcan', bitrate=750000)"],
        ["can.Bus('x', 'slcan', bitrate=800000)"],
    ),
    "slcan-timeout": (
        ["can.Bus('x', 'slcan', timeout=0.1)"],
        ["can.Bus('x', interface='pcan', timeout=0.1)"],
    ),
    "data-number": (
        ["can.Message(data=5)", "from can.message import Message\nMessage(data=5)"],
        ["can.Message(data=[5])", "can.Message(data=size)", "Message(data=5)"],
    ),
    "wide-id": (
        [
            "can.Message(arbitration_id=0x800, is_extended_id=False)",
            "can.Message(0.0, 0xC0FFEE, False)",
        ],
        [
            "can.Message(arbitration_id=0x7FF, is_extended_id=False)",
            "can.Message(arbitration_id=0x800)",
        ],
    ),
    "long-data": (
        [
            "can.Message(data=[1, 2, 3, 4, 5, 6, 7, 8, 9])",
            "can.Message(data=bytes(9), is_fd=False)",
            "can.Message(dlc=3, data=b'1234')",
        ],
        [
            "can.Message(data=[1, 2, 3, 4, 5, 6, 7, 8])",
            "can.Message(data=bytes(12), is_fd=True)",
            "can.Message(data=[*several, 2, 3, 4, 5, 6, 7, 8, 9])",
            "can.Message(data=bytes(64), is_fd=fd)",
            "can.Message(dlc=4, data=b'1234')",
        ],
    ),
    "fd-length": (
        ["can.Message(is_fd=True, data=bytes(9))", "can.Message(is_fd=True, data=b'123456789')"],
        ["can.Message(is_fd=True, data=bytes(12))", "can.Message(is_fd=True, data=bytes(size))"],
    ),
    "remote-data": (
        ["can.Message(is_remote_frame=True, data=[1])"],
        ["can.Message(is_remote_frame=True, dlc=1)", "can.Message(is_remote_frame=rtr, data=[1])"],
    ),
    "shared-data": (
        [
            "b = bytearray(8)\ncan.Message(data=b)",
            MSG + "msg.data = buffer",
            MSG + "import copy\ntwin = copy.copy(msg)",
            "def f(msg: can.Message):\n    msg.data = buffer",
        ],
        [
            "can.Message(data=b)",
            MSG + "msg.data[0] = 1",
            MSG + "msg.data = b'1'",
            "thing.data = buffer",
            MSG + "import copy\ntwin = copy.deepcopy(msg)",
        ],
    ),
    "state-value": (["can.BusState.PASSIVE.value"], ["can.BusState.PASSIVE.name", "x.value"]),
    "send-waits": (
        [
            BUS + "bus.send(msg, timeout=1)",
            BUS + "bus.send(msg, 0.5)",
            "try:\n    can_bus.send(msg)\nexcept can.CanError: pass",
            "try:\n    self.bus.send(msg)\nexcept (ValueError, OSError): pass",
            "with can.Bus() as b:\n    b.send(msg, timeout)",
        ],
        [
            BUS + "bus.send(msg)",
            BUS + "bus.send(msg, timeout=0)",
            "connection.send(msg, 1)",
            "try:\n    bus.send(msg)\nexcept KeyError: pass",
        ],
    ),
    "set-filters": (
        [BUS + "bus.set_filters(None)", BUS + "bus.filters = []"],
        ["can.Bus(can_filters=[])"],
    ),
    "filters-read": ([BUS + "bus.filters[0]['can_id']"], [BUS + "bus.filters = []", "x.filters"]),
    "recv-error": (
        [
            "try:\n    bus.recv()\nexcept OSError: pass",
            "while True:\n  try:\n    msg = bus.recv(1)\n  except can.CanOperationError: pass",
            "try:\n    bus.recv()\nexcept: pass",
        ],
        [BUS + "bus.recv()", "try:\n    bus.recv()\nexcept KeyboardInterrupt: pass"],
    ),
    "bus-loop": ([BUS + "for msg in bus: pass", "[m for m in bus]"], ["for msg in reader: pass"]),
    "state-read": ([BUS + "print(bus.state)"], [BUS + "bus.state = x", "other.state"]),
    "detect": (
        ["can.detect_available_configs()", "can.interface.detect_available_configs('pcan')"],
        ["detect_available_configs()"],
    ),
    "periodic-duration": (
        [BUS + "bus.send_periodic(m, 0.1, 0.3)", BUS + "bus.send_periodic(m, 0.1, duration=1)"],
        [BUS + "bus.send_periodic(m, 0.1)", BUS + "bus.send_periodic(m, 0.1, None)"],
    ),
    "periodic-period": (
        [BUS + "bus.send_periodic(m, 0)", BUS + "bus.send_periodic(m, period=1e-7)"],
        [BUS + "bus.send_periodic(m, 1e-6)"],
    ),
    "modifier": (
        [BUS + "bus.send_periodic(m, 0.1, modifier_callback=f)"],
        [BUS + "bus.send_periodic(m, 0.1, modifier_callback=None)"],
    ),
    "notifier-timeout": (
        ["can.Notifier(bus, [], 1.0)", "can.Notifier(bus, [], timeout=1)"],
        ["can.Notifier(bus, [])"],
    ),
    "notifier-exception": (
        ["n = can.Notifier(b, [])\nif n.exception: pass", "self.notifier.exception"],
        ["future.exception()"],
    ),
    "coroutine": (
        ["async def f(msg): pass\ncan.Notifier(bus, [print, f])"],
        [
            "async def f(msg): pass\ncan.Notifier(bus, [f], loop=loop)",
            "def f(msg): pass\ncan.Notifier(bus, [f])",
        ],
    ),
    "recv-beside": (
        ["can.Notifier(bus, [])\nbus.recv()", "can.Notifier([a, b], [])\nb.recv(1)"],
        ["can.Notifier(a, [])\nbus.recv()"],
    ),
    "async-reader": (["can.AsyncBufferedReader()"], ["can.BufferedReader()"]),
    "printer-file": (
        ["can.Printer(stream)", "can.Printer(open('x'))"],
        [
            "can.Printer()",
            "can.Printer('x')",
            "can.Printer(folder / 'x')",
            "can.Printer(Path('x'))",
        ],
    ),
    "redirect": (["can.RedirectReader(bus)"], ["can.BufferedReader()"]),
}


def hits(source: str) -> list[tuple[int, str]]:
    return [(one.line, one.rule.name) for one in findings_in(f"import can\n{source}\n")]


def test_every_rule_has_its_cases():
    assert [rule.name for rule in RULES] == list(TABLE)


@pytest.mark.parametrize(
    ("rule", "source"), [(rule, source) for rule, (bad, _) in TABLE.items() for source in bad]
)
def test_it_points_at(rule, source):
    found = [line for line, name in hits(source) if name == rule]
    lines = f"import can\n{source}".splitlines()
    assert found
    if "except" not in lines[-1]:
        assert found == [len(lines)]


@pytest.mark.parametrize(
    ("rule", "source"), [(rule, source) for rule, (_, good) in TABLE.items() for source in good]
)
def test_it_leaves_alone(rule, source):
    assert rule not in [name for _, name in hits(source)]


def rows() -> set[str]:
    page = (ROOT / "docs/from-python-can.md").read_text()
    return {found[1].strip() for found in re.finditer(r"^\| (.+?) \|", page, re.MULTILINE)}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_is_a_row_of_the_page(rule):
    assert rule.row in rows()
    assert rule.why
    assert rule.do


def test_what_only_compat_has_is_what_canbus_has_not():
    ours = {*canbus.__all__, *canbus._SUBMODULES}
    assert not ours & ONLY_IN_COMPAT
    assert {name.partition(".")[0] for name in ONLY_THERE} <= ours | ONLY_IN_COMPAT


def test_the_page_shows_what_is_printed():
    page = " ".join((ROOT / "docs/from-python-can.md").read_text().split())
    (rule,) = (rule for rule in RULES if rule.name == "send-waits")
    assert f"{rule.name}: {rule.why} do: {rule.do}" in page


def test_the_docs_first_program_needs_no_thought():
    source = (
        "import can\n"
        "with can.Bus('test', interface='virtual') as bus:\n"
        "    bus.send(can.Message(arbitration_id=0x123, data=[1, 2], is_extended_id=False))\n"
        "    task = bus.send_periodic(can.Message(arbitration_id=1), 0.1)\n"
        "    timing = can.BitTiming(f_clock=8_000_000, brp=1, tseg1=13, tseg2=2, sjw=1)\n"
        "    msg = bus.recv(1)\n"
        "    task.stop()\n"
    )
    assert findings_in(source) == []


def test_a_file_without_can_is_none_of_our_business():
    assert findings_in("bus.send(x, timeout=3)\nfor m in bus: pass\n") == []


def test_each_finding_has_its_line_and_place():
    (one,) = findings_in("import can\n\x0c\nwith can.Bus() as bus:\n    bus.send(m, timeout=1)\n")
    assert (one.line, one.column, one.text) == (4, 5, "bus.send(m, timeout=1)")
    assert one.why == one.rule.why
    (two,) = findings_in(b"# coding: latin-1\nimport can\ncan.Logger('\xe9')\n")
    assert (two.text, two.why[:10]) == ("can.Logger('é')", "can.Logger")


@pytest.mark.parametrize(
    ("source", "where"),
    [
        ("import can\nwith\n", "x.py:2: not Python"),
        (b"\0", "x.py"),
        (b"# coding: nosuch\n", "x.py"),
    ],
)
def test_what_is_no_python_is_named(source, where):
    with pytest.raises(CanConfigError, match=where):
        findings_in(source, "x.py")
