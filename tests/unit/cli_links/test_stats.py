"""`canbus stats`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from canbus.cli import main, stats
from canbus.cli.link_facts import link_facts
from canbus.link_info import LinkInfo
from tests.unit.cli_links.examples import PCAN, VCAN0


class Clock:
    """Stands still but in `sleep`; then `meanwhile` happens, one function at a time."""

    def __init__(self) -> None:
        self.now = 5 * 10**9
        self.slept: list[float] = []
        self.meanwhile: list[Callable[[], object]] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += round(seconds * 10**9)
        if self.meanwhile:
            self.meanwhile.pop(0)()


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(stats, "sleep", clock.sleep)
    monkeypatch.setattr(stats, "monotonic_ns", lambda: clock.now)
    return clock


def counted(link: LinkInfo, **more: int) -> LinkInfo:
    """The link after so many more of each."""
    old = link.statistics._asdict()
    new = {name: old[name] + count for name, count in more.items()}
    return replace(link, statistics=link.statistics._replace(**new))


# -- once


def test_all_counters_of_all_links(there, capsys):
    there(VCAN0, PCAN)
    assert main(["stats"]) == 0
    vcan, can = capsys.readouterr().out.split("\n\n")
    assert vcan.startswith("vcan0: up\n  frames received            5\n")
    assert "bus errors" not in vcan
    assert can.startswith("can0: up, bus-off\n  frames received            1\n")
    assert "  bus errors                 9\n" in can
    assert can.endswith("  transmit error counter     248\n  receive error counter      3\n")


def test_the_links_that_are_named_once_each_and_in_that_order(there, capsys):
    there(VCAN0, PCAN, replace(VCAN0, name="vcan1", index=9))
    assert main(["stats", "vcan1", "can0", "vcan1"]) == 0
    heads = [block.partition(":")[0] for block in capsys.readouterr().out.split("\n\n")]
    assert heads == ["vcan1", "can0"]


def test_json_is_all_that_is_known_of_the_links(there, capsys):
    there(VCAN0, PCAN)
    assert main(["stats", "can0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [link_facts(PCAN)]


@pytest.mark.parametrize("words", [["stats"], ["stats", "--interval", "1"]])
def test_no_link_at_all(kernel, capsys, words):
    assert main(words) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "no CAN interface was found" in said.err


def test_no_link_at_all_in_json(kernel, capsys):
    assert main(["stats", "--json"]) == 1
    assert capsys.readouterr() == ("[]\n", "")
    assert main(["stats", "--json", "--interval", "1"]) == 1  # an object a line: none
    assert capsys.readouterr().out == ""


# -- again and again


def test_a_line_for_each_link_and_interval_with_what_came_in_it(there, clock, capsys):
    there(VCAN0, PCAN)
    clock.meanwhile = [
        lambda: there(counted(VCAN0, rx_packets=10, rx_bytes=80)),
        lambda: there(counted(VCAN0, rx_packets=10, rx_bytes=80, tx_packets=1, tx_dropped=3),
                      counted(PCAN, bus_errors=4)),
    ]  # fmt: skip
    assert main(["stats", "--interval", "0.5", "--count", "2"]) == 0
    assert clock.slept == [0.5, 0.5]
    vcan = "vcan0: up; received 0.0 frames/s, 0.0 bytes/s"
    errors = "error counters: transmit 248, receive 3"
    nothing = "received 0.0 frames/s, 0.0 bytes/s; sent 0.0 frames/s, 0.0 bytes/s"
    assert capsys.readouterr().out.splitlines() == [
        "vcan0: up; received 20.0 frames/s, 160.0 bytes/s; sent 0.0 frames/s, 0.0 bytes/s",
        f"can0: up, bus-off; {nothing}; {errors}",
        f"{vcan}; sent 2.0 frames/s, 0.0 bytes/s; dropped instead of sent +3",
        f"can0: up, bus-off; {nothing}; bus errors +4; {errors}",
    ]


def test_rates_are_of_the_time_that_really_passed(there, clock, capsys):
    there(VCAN0)

    def late():
        clock.now += 10**9  # the process was not scheduled
        there(counted(VCAN0, rx_packets=30))

    clock.meanwhile = [late]
    assert main(["stats", "--interval", "2", "--count", "3"]) == 0
    assert "received 10.0 frames/s" in capsys.readouterr().out.splitlines()[0]
    assert clock.slept == [2, 1, 2]  # in step again


def test_intervals_that_were_missed_are_not_made_up_for(there, clock):
    there(VCAN0)

    def very_late():
        clock.now += 10 * 10**9

    clock.meanwhile = [very_late]
    assert main(["stats", "--interval", "1", "--count", "3"]) == 0
    assert clock.slept == [1, 1, 1]


def test_json_is_an_object_a_line(there, clock, capsys):
    there(VCAN0, PCAN)
    after = counted(VCAN0, rx_packets=10)
    clock.meanwhile = [lambda: there(after)]
    assert main(["stats", "vcan0", "--json", "--interval", "2", "--count", "1"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    facts = json.loads(line)
    assert facts.pop("timestamp_ns") > 10**18
    assert facts.pop("link") == link_facts(after)
    names = [name for name, value in after.statistics._asdict().items() if value is not None]
    assert facts == {
        "name": "vcan0",
        "seconds": 2.0,
        "anew": None,
        "differences": dict.fromkeys(names, 0) | {"rx_packets": 10},
        "rates": dict.fromkeys(names, 0.0) | {"rx_packets": 5.0},
    }


@pytest.mark.parametrize(
    ("after", "why"),
    [
        (replace(counted(VCAN0, rx_packets=100), index=99), "it was made anew"),
        (counted(VCAN0, tx_bytes=-1), "its counters were set back"),
    ],
)
def test_counting_starts_anew_and_says_so(there, clock, capsys, after, why):
    there(VCAN0)
    clock.meanwhile = [
        lambda: there(after),
        lambda: there(counted(after, rx_packets=1)),
        lambda: there(VCAN0),
    ]
    assert main(["stats", "--interval", "1", "--count", "2"]) == 0
    one, other = capsys.readouterr().out.splitlines()
    assert one == f"vcan0: up; {why}: counting starts anew"
    assert "received 1.0 frames/s" in other
    there(VCAN0)
    clock.meanwhile = [lambda: there(after)]
    assert main(["stats", "--json", "--interval", "1", "--count", "1"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["anew"], facts["differences"], facts["rates"]) == (why, None, None)


def test_a_link_that_appears_is_counted_from_then_on_unless_others_were_named(
    there, kernel, clock, capsys
):
    there(VCAN0)
    clock.meanwhile = [lambda: there(PCAN), lambda: there(counted(PCAN, rx_packets=1))]
    assert main(["stats", "--interval", "1", "--count", "2"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("can0")]
    assert "it has appeared: counting starts anew" in lines[0]
    assert "received 1.0 frames/s" in lines[1]
    del kernel.links["can0"]
    clock.meanwhile = [lambda: there(PCAN)]
    assert main(["stats", "vcan0", "--interval", "1", "--count", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["vcan0", "vcan0"]


@pytest.mark.parametrize("names", [[], ["can0"]])
def test_a_link_that_goes_ends_it_with_an_error_that_names_it(there, kernel, clock, capsys, names):
    there(VCAN0, PCAN)
    clock.meanwhile = [lambda: None, lambda: kernel.links.pop("can0")]
    assert main(["stats", *names, "--interval", "1"]) == 1
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == len(names or ["vcan0", "can0"])
    assert said.err.startswith("canbus: can0 is gone\nhint: ")


def test_ctrl_c_ends_it_silently(there, clock, capsys):
    there(VCAN0)

    def interrupt():
        raise KeyboardInterrupt

    clock.meanwhile = [lambda: None, interrupt]
    assert main(["stats", "--interval", "1"]) == 130
    said = capsys.readouterr()
    assert (len(said.out.splitlines()), said.err) == (1, "")


@pytest.mark.parametrize(
    "words",
    [
        ["--count", "3"],
        ["--interval", "0"],
        ["--interval", "x"],
        ["--interval", "1", "--count", "0"],
    ],
)
def test_wrong_usage(there, capsys, words):
    there(VCAN0)
    assert main(["stats", *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "--count" in said.err or "--interval" in said.err
