"""`canbus detect` and detect_bitrate on emulated adapters: right, silent, and without a trace."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import pytest

import canbus as can
from canbus.bringup.detect import COMMON_BITRATES, Verdict, detect_bitrate
from canbus.link_config import LinkConfig
from canbus.links import apply, get_link
from canbus.testing.usb import EmulatedAdapter, emulate
from tests.hardware.detect_process import DetectProcess
from tests.hardware.network import link_up, wait_until
from tests.scale import SOAK

PERIOD = 0.02  # seconds between frames of the others
DWELL = 0.5
PATIENT = 5.0  # for what ends as soon as enough was heard, on a slow machine, too
LONG = 60.0


@pytest.fixture
def candle(gs_usb: EmulatedAdapter) -> Iterator[EmulatedAdapter]:
    yield from _on_a_living_wire(gs_usb)


@pytest.fixture
def deaf(pcan_usb: EmulatedAdapter) -> Iterator[EmulatedAdapter]:
    yield from _on_a_living_wire(pcan_usb)


def _on_a_living_wire(adapter: EmulatedAdapter) -> Iterator[EmulatedAdapter]:
    adapter.set_wire_bitrate(125_000)
    adapter.traffic(["123#DEAD", "7FF#", "1F334455#0011223344556677"], PERIOD)
    apply(adapter.netdevs[0], LinkConfig(bitrate=200_000, listen_only=False, berr_reporting=False))
    yield adapter
    adapter.traffic([], 0)
    adapter.set_wire_bitrate(None)


def left_no_trace(adapter: EmulatedAdapter) -> bool:
    """Nothing sent, nothing acknowledged, no error flag; and it never was up but to listen."""
    state = adapter.state()
    done = state["sent"], state["acknowledgements"], state["disturbances"]
    return done == (0, 0, 0) and all(start.listen_only for start in adapter.starts)


class FailedError(Exception):
    """What happens in the middle of a search."""


def fail(line: str) -> NoReturn:
    """A report that cannot be written, say."""
    raise FailedError(line)


@contextmanager
def searching(adapter: EmulatedAdapter) -> Iterator[DetectProcess]:
    """The command on a silent bus, by now listening at its first bit rate for a long time."""
    adapter.traffic([], 0)
    words = "--bitrates", "500k", "--timeout", "600", "--dwell", "600"
    with DetectProcess(adapter.netdevs[0], *words) as process:

        def is_listening() -> bool:
            assert process.runs(), process.finish()
            return any(start.listen_only for start in adapter.starts)

        wait_until(is_listening, LONG)
        yield process


# -- what is found


def rates_to_try(bitrate: int) -> tuple[int, ...]:
    """The last one after all the others, each of those after one; in a soak run all, each time."""
    if SOAK > 1 or bitrate == COMMON_BITRATES[-1]:
        return COMMON_BITRATES
    return COMMON_BITRATES[COMMON_BITRATES.index(bitrate) - 1], bitrate


@pytest.mark.timeout(600)
def test_each_of_the_common_bit_rates_is_found_without_a_trace(candle: EmulatedAdapter) -> None:
    name = candle.netdevs[0]
    before = get_link(name)
    for bitrate in COMMON_BITRATES:
        candle.set_wire_bitrate(bitrate)
        rates = rates_to_try(bitrate)
        found = detect_bitrate(name, bitrates=rates, dwell=PATIENT)
        *wrong, right = [(evidence.bitrate, verdict) for evidence, verdict in found.heard]
        assert (found.bitrate, right) == (bitrate, (bitrate, Verdict.RIGHT))
        assert wrong == [(rate, Verdict.WRONG) for rate in rates[: rates.index(bitrate)]]
        assert get_link(name) == before, bitrate
        assert left_no_trace(candle), bitrate
    assert {start.bitrate for start in candle.starts} == set(COMMON_BITRATES)


@pytest.mark.parametrize("bitrate", COMMON_BITRATES if SOAK > 1 else [10_000])
def test_an_adapter_that_is_deaf_at_wrong_rates_finds_the_right_one(
    deaf: EmulatedAdapter, bitrate: int
) -> None:
    name = deaf.netdevs[0]
    before = get_link(name)
    deaf.set_wire_bitrate(bitrate)
    found = detect_bitrate(name, bitrates=[125_000, bitrate], dwell=DWELL)
    assert found.bitrate == bitrate
    assert bitrate == 125_000 or found.heard[0][1] is Verdict.SILENT
    assert get_link(name) == before
    assert left_no_trace(deaf)


def test_a_link_that_is_up_at_the_right_rate_is_not_touched(candle: EmulatedAdapter) -> None:
    name = candle.netdevs[0]
    link_up(name, bitrate=125_000)
    candle.forget_sent()
    found = detect_bitrate(name, dwell=PATIENT)
    assert found.bitrate == 125_000
    assert candle.starts == []
    assert get_link(name).is_up


@pytest.mark.parametrize("fails", [False, True] if SOAK > 1 else [True])
def test_a_link_that_was_up_is_up_as_before(candle: EmulatedAdapter, fails: bool) -> None:
    """Also after an error, at a wrong rate or at the right one."""
    name = candle.netdevs[0]
    link_up(name, "one-shot", "on", bitrate=250_000)
    before = get_link(name)
    candle.forget_sent()
    if fails:
        with pytest.raises(FailedError):
            detect_bitrate(name, bitrates=[500_000], dwell=PATIENT, report=fail)
    else:
        found = detect_bitrate(name, bitrates=[500_000, 125_000], dwell=PATIENT)
        assert found.bitrate == 125_000
    *during, last = candle.starts
    assert during
    assert all(start.listen_only for start in during)
    assert (last.bitrate, last.listen_only) == (250_000, False)
    assert get_link(name) == before


def test_a_silent_bus_has_no_bit_rate(deaf: EmulatedAdapter) -> None:
    name = deaf.netdevs[0]
    deaf.traffic([], 0)
    before = get_link(name)
    found = detect_bitrate(name, bitrates=[500_000], dwell=0.01, timeout=LONG, rounds=2)
    assert found.bitrate is None
    assert [verdict for _, verdict in found.heard] == [Verdict.SILENT] * 2
    assert "nobody talks" in str(found.hint)
    assert get_link(name) == before
    assert left_no_trace(deaf)


def test_the_command_says_what_it_heard_and_sets_what_it_found(candle: EmulatedAdapter) -> None:
    name = candle.netdevs[0]
    words = "--bitrates", "250k,125k", "--dwell", str(PATIENT), "--set", "--json"
    with DetectProcess(name, *words) as process:
        facts = json.loads(process.finish())
    assert process.status == 0
    assert facts["bitrate"] == 125_000
    assert [one["verdict"] for one in facts["heard"]] == ["wrong", "right"]
    link = get_link(name)
    assert (link.is_up, link.bitrate, "listen_only" in link.modes) == (True, 125_000, False)


def test_a_driver_without_listen_only_mode_is_refused_before_anything_is_touched() -> None:
    with emulate("gs_usb", listen_only=False, serial="LOUD") as loud:
        name = loud.netdevs[0]
        apply(name, LinkConfig(bitrate=200_000))
        before = get_link(name)
        with pytest.raises(can.CanUnsupportedError, match="driver gs_usb has no listen-only mode"):
            detect_bitrate(name)
        assert (get_link(name), loud.starts) == (before, [])


# -- whatever happens


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_the_link_is_as_before(
    candle: EmulatedAdapter, number: signal.Signals
) -> None:
    before = get_link(candle.netdevs[0])
    with searching(candle) as process:
        process.send(number)
        assert process.finish() == ""
    assert process.status == 128 + number
    assert get_link(candle.netdevs[0]) == before
    assert left_no_trace(candle)


@pytest.mark.parametrize("is_up", [False, True] if SOAK > 1 else [True])
def test_killed_the_guardian_puts_the_link_back(candle: EmulatedAdapter, is_up: bool) -> None:
    name = candle.netdevs[0]
    if is_up:
        link_up(name, bitrate=250_000)
        candle.forget_sent()
    before = get_link(name)
    with searching(candle) as process:
        with pytest.raises(can.CanLinkError, match="another process is detecting"):
            detect_bitrate(name)
        process.send(signal.SIGKILL)
        killed = time.monotonic()
        said = process.finish()
        took = time.monotonic() - killed
    assert f"{name} is as it was before" in said
    assert took < LONG  # a guest's seconds: there it takes ten times as long
    assert get_link(name) == before
    assert all(start.listen_only for start in candle.starts[: -1 if is_up else None])


def test_unplugged_meanwhile_it_says_so(candle: EmulatedAdapter) -> None:
    name = candle.netdevs[0]
    with searching(candle) as process:
        candle.unplug()
        said = process.finish()
    assert process.status == 1
    assert f"note: {name} is gone: there is nothing to put back" in said
    candle.plug()
