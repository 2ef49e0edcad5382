"""`canbus detect` and detect_bitrate on emulated adapters: right, silent, and without a trace."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import canbus as can
from canbus.bringup.detect import COMMON_BITRATES, Verdict, detect_bitrate
from canbus.link_config import LinkConfig
from canbus.links import apply, get_link
from canbus.testing.usb import EmulatedAdapter
from tests.hardware.detect_process import DetectProcess
from tests.hardware.network import PATIENCE, link_up, wait_until
from tests.scale import SOAK

# Not settled yet: some of these fail in the guest.
pytestmark = pytest.mark.soak

PERIOD = 0.01  # seconds between frames of the others
DWELL = 0.5
LONG = 60.0


@pytest.fixture(params=["gs_usb", "pcan_usb"])
def adapter(request: pytest.FixtureRequest) -> Iterator[EmulatedAdapter]:
    yield from _on_a_living_wire(request.getfixturevalue(request.param))


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


@contextmanager
def searching(adapter: EmulatedAdapter) -> Iterator[DetectProcess]:
    """The command on a silent bus, by now listening at its first bit rate for a long time."""
    adapter.traffic([], 0)
    with DetectProcess(adapter.netdevs[0], "--timeout", "600", "--dwell", "600") as process:
        wait_until(lambda: any(start.listen_only for start in adapter.starts), LONG)
        yield process


# -- what is found


@pytest.mark.parametrize("bitrate", COMMON_BITRATES)
def test_each_of_the_common_bit_rates_is_found_without_a_trace(
    candle: EmulatedAdapter, bitrate: int
) -> None:
    """The last one after all the others; to do so with each takes a soak run."""
    name = candle.netdevs[0]
    before = get_link(name)
    candle.set_wire_bitrate(bitrate)
    at = COMMON_BITRATES.index(bitrate)
    is_whole = SOAK > 1 or bitrate == COMMON_BITRATES[-1]
    rates = COMMON_BITRATES if is_whole else (COMMON_BITRATES[at - 1], bitrate)
    found = detect_bitrate(name, bitrates=rates, dwell=DWELL)
    assert found.bitrate == bitrate
    assert [evidence.bitrate for evidence, _ in found.heard] == [*rates[: rates.index(bitrate) + 1]]
    assert all("stuff" in evidence.kinds for evidence, _ in found.heard[:-1])
    assert get_link(name) == before
    assert left_no_trace(candle)


@pytest.mark.parametrize("bitrate", COMMON_BITRATES if SOAK > 1 else [250_000, 10_000])
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


def test_a_link_that_is_up_at_the_right_rate_is_not_touched(adapter: EmulatedAdapter) -> None:
    name = adapter.netdevs[0]
    link_up(name, bitrate=125_000)
    adapter.forget_sent()
    found = detect_bitrate(name, dwell=DWELL)
    assert found.bitrate == 125_000
    assert adapter.starts == []
    assert get_link(name).is_up


def test_a_link_that_was_up_is_up_as_before(candle: EmulatedAdapter) -> None:
    name = candle.netdevs[0]
    link_up(name, "restart-ms", "0", bitrate=250_000)
    before = get_link(name)
    candle.forget_sent()
    assert detect_bitrate(name, bitrates=[500_000, 125_000], dwell=DWELL).bitrate == 125_000
    *during, last = candle.starts
    assert during
    assert all(start.listen_only for start in during)
    assert (last.bitrate, last.listen_only) == (250_000, False)
    assert get_link(name) == before


def test_a_silent_bus_has_no_bit_rate(adapter: EmulatedAdapter) -> None:
    name = adapter.netdevs[0]
    adapter.traffic([], 0)
    before = get_link(name)
    found = detect_bitrate(name, bitrates=[500_000], dwell=0.01, timeout=LONG, rounds=2)
    assert found.bitrate is None
    assert [verdict for _, verdict in found.heard] == [Verdict.SILENT] * 2
    assert "nobody talks" in str(found.hint)
    assert get_link(name) == before
    assert left_no_trace(adapter)


def test_the_command_says_what_it_heard_and_sets_what_it_found(candle: EmulatedAdapter) -> None:
    name = candle.netdevs[0]
    with DetectProcess(name, "--bitrates", "250k,125k", "--set", "--json") as process:
        facts = json.loads(process.finish())
    assert process.status == 0
    assert facts["bitrate"] == 125_000
    assert [one["verdict"] for one in facts["heard"]] == ["wrong", "right"]
    link = get_link(name)
    assert (link.is_up, link.bitrate, "listen_only" in link.modes) == (True, 125_000, False)


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


@pytest.mark.parametrize("bitrate", [None, 250_000])
def test_killed_the_guardian_puts_the_link_back(
    candle: EmulatedAdapter, bitrate: int | None
) -> None:
    name = candle.netdevs[0]
    if bitrate is not None:
        link_up(name, bitrate=bitrate)
        candle.forget_sent()
    before = get_link(name)
    with searching(candle) as process:
        process.send(signal.SIGKILL)
        killed = time.monotonic()
        said = process.finish()
        took = time.monotonic() - killed
    assert f"{name} is as it was before" in said
    assert took < PATIENCE  # a guest's seconds
    assert get_link(name) == before
    if bitrate is None:
        assert left_no_trace(candle)


def test_of_two_searches_on_one_link_the_second_is_refused(candle: EmulatedAdapter) -> None:
    with searching(candle) as process:
        with pytest.raises(can.CanLinkError, match="another process is detecting"):
            detect_bitrate(candle.netdevs[0])
        process.send(signal.SIGKILL)
        process.finish()


def test_unplugged_meanwhile_it_says_so(candle: EmulatedAdapter) -> None:
    name = candle.netdevs[0]
    with searching(candle) as process:
        candle.unplug()
        said = process.finish()
    assert process.status == 1
    assert f"note: {name} is gone: there is nothing to put back" in said
    candle.plug()
