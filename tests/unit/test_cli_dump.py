"""`canbus dump` over a scripted bus: its frames are there from the start, then comes the end."""

import json
import signal
import sys
from collections.abc import Callable
from types import ModuleType
from typing import ClassVar

import pytest

from canbus import registry
from canbus.cli import main
from canbus.errors import CanLinkDownError
from canbus.filters import CanFilter
from canbus.message import Message
from canbus.plugin import BackendSpec, BusABC, BusStatistics, Capability


class ScriptedBus(BusABC):
    """Receives `script`: frames to return and functions to call; then it times out."""

    script: ClassVar[list[Message | Callable[[], object]]] = []
    lost: ClassVar[int] = 0
    opened_with: ClassVar[list[dict[str, object]]] = []
    closed: ClassVar[int] = 0

    def __init__(self, channel="default", can_filters=None, **options):
        self.opened_with.append({"channel": channel, "can_filters": can_filters, **options})
        self.waiting = list(self.script)
        super().__init__(channel, can_filters)

    def _recv_frame(self, timeout):
        while self.waiting:
            step = self.waiting.pop(0)
            if isinstance(step, Message):
                return step
            step()
        assert timeout is not None, "would wait for ever"
        return None

    def _send_frame(self, msg, timeout):
        raise AssertionError("dump sends nothing")

    def _read_statistics(self):
        return BusStatistics(rx_dropped=self.lost)

    def _close(self):
        type(self).closed += 1


@pytest.fixture
def script(monkeypatch):
    """The steps of backend `scripted`; every bus that is opened is closed."""
    spec = BackendSpec(
        name="scripted",
        summary="for tests",
        bus="scripted_backend:ScriptedBus",
        capabilities=Capability.FD | Capability.OWN_MESSAGES,
    )
    plugin = ModuleType("scripted_backend")
    vars(plugin).update(ScriptedBus=ScriptedBus, canbus_backend=lambda: spec)
    monkeypatch.setitem(sys.modules, "scripted_backend", plugin)
    monkeypatch.setitem(registry.BUILTIN, "scripted", "scripted_backend")
    steps: list[Message | Callable[[], object]] = []
    for name, value in (("script", steps), ("lost", 0), ("opened_with", []), ("closed", 0)):
        monkeypatch.setattr(ScriptedBus, name, value)
    yield steps
    assert ScriptedBus.closed == len(ScriptedBus.opened_with)


def frame(text, channel="vcan0"):
    msg = Message.parse(text)
    msg.channel = channel
    msg.timestamp_ns = 1_436_509_052_249_713_999
    return msg


def go_down():
    raise CanLinkDownError("the link is down")


def dump(*words, channel="vcan0"):
    return main(["dump", "-i", "scripted", channel, *words])


def test_frames_are_shown_in_the_layout_of_candump(script, capsys):
    script += [frame("123#DEADBEEF"), frame("123#R"), frame("1F334455#1122"), frame("123##1AA")]
    assert dump("--timeout", "0") == 0
    shown, complaints = capsys.readouterr()
    assert shown == (
        "  vcan0  123   [4]  DE AD BE EF\n"
        "  vcan0  123   [0]  remote request\n"
        "  vcan0  1F334455   [2]  11 22\n"
        "  vcan0       123  [01]  AA\n"
    )
    assert complaints == ""


def test_log_lines_are_those_of_candump(script, capsys):
    script += [frame("123#DEADBEEF"), frame("123##1AA")]
    assert dump("--log", "--timeout", "0") == 0
    assert capsys.readouterr().out == (
        "(1436509052.249713) vcan0 123#DEADBEEF\n(1436509052.249713) vcan0 123##5AA\n"
    )


def test_json_has_every_fact_of_a_frame_on_one_line(script, capsys):
    script += [frame("1F334455##3AABB"), frame("123#R4", channel=None)]
    assert dump("--json", "--timeout", "0") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert json.loads(first) == {
        "timestamp_ns": 1_436_509_052_249_713_999,
        "channel": "vcan0",
        "arbitration_id": 0x1F334455,
        "is_extended_id": True,
        "is_remote_frame": False,
        "is_error_frame": False,
        "is_fd": True,
        "bitrate_switch": True,
        "error_state_indicator": True,
        "is_rx": True,
        "dlc": 2,
        "data": "aabb",
    }
    remote = json.loads(second)
    assert (remote["channel"], remote["dlc"], remote["data"]) == (None, 4, "")
    assert remote["is_remote_frame"]


def test_count_ends_it_and_no_further_frame_is_taken(script, capsys):
    script += [frame("001#"), frame("002#"), lambda: pytest.fail("received one more")]
    assert dump("--count", "2") == 0
    assert capsys.readouterr().out == "  vcan0  001   [0] \n  vcan0  002   [0] \n"


def test_a_timeout_before_the_count_is_an_error_that_counts(script, capsys):
    script += [frame("001#")]
    assert dump("--count", "2", "--timeout", "0.25") == 1
    assert capsys.readouterr().err == ("canbus: vcan0: no frame for 0.25 s; 1 of 2 frames came\n")


def test_fd_is_on_by_default_where_the_backend_has_it(script):
    assert dump("--timeout", "0") == 0
    assert ScriptedBus.opened_with == [{"channel": "vcan0", "can_filters": None, "fd": True}]


def test_fd_can_be_turned_off(script):
    assert dump("--timeout", "0", "-o", "fd=false") == 0
    assert ScriptedBus.opened_with[0]["fd"] is False


def test_filters_are_asked_of_the_bus(script):
    assert dump("--timeout", "0", "--filter", "123:7FF", "--filter", "400~700") == 0
    assert ScriptedBus.opened_with == [
        {
            "channel": "vcan0",
            "can_filters": [CanFilter(0x123, 0x7FF), CanFilter(0x400, 0x700, inverted=True)],
            "fd": True,
        }
    ]


def test_a_filter_that_cannot_be_read_is_wrong_usage_before_anything_is_opened(script, capsys):
    assert dump("--filter", "xyz") == 2
    assert ScriptedBus.opened_with == []
    assert "cannot read the filter 'xyz'" in capsys.readouterr().err


def test_filters_cannot_be_given_as_an_option(script, capsys):
    assert dump("-o", "can_filters=123:7FF") == 2
    assert "--filter" in capsys.readouterr().err


def test_any_is_an_ordinary_name_to_other_backends(script):
    assert dump("--timeout", "0", channel="any") == 0
    assert ScriptedBus.opened_with[0]["channel"] == "any"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_quietly_after_the_frames_shown(script, capsys, number, status):
    script += [frame("001#"), lambda: signal.raise_signal(number)]
    assert dump() == status
    assert capsys.readouterr() == ("  vcan0  001   [0] \n", "")


@pytest.mark.parametrize(
    ("end", "words", "status"),
    [
        (lambda: signal.raise_signal(signal.SIGINT), (), 130),
        (lambda: None, ("--timeout", "0"), 0),
        (lambda: None, ("--timeout", "0", "--count", "5"), 1),
        (go_down, (), 1),
    ],
)
def test_losses_are_reported_however_it_ends(script, monkeypatch, capsys, end, words, status):
    monkeypatch.setattr(ScriptedBus, "lost", 17)
    script += [frame("001#"), end]
    assert dump(*words) == status
    lines = capsys.readouterr().err.splitlines()
    warning = "canbus: warning: vcan0: 17 frames were lost before they could be read"
    assert lines.count(warning) == 1


def test_json_and_log_exclude_each_other(capsys):
    assert main(["dump", "x", "--json", "--log"]) == 2


def test_every_line_is_flushed_by_itself(script, monkeypatch):
    script += [frame("001#"), frame("002#")]
    events = []
    monkeypatch.setattr(sys.stdout, "write", lambda text: events.append(text))
    monkeypatch.setattr(sys.stdout, "flush", lambda: events.append("flushed"))
    assert dump("--timeout", "0") == 0
    text = "".join(events)
    assert text.startswith("  vcan0  001   [0] \nflushed  vcan0  002   [0] \nflushed")
