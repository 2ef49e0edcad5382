"""`canbus detect` and detect_bitrate on emulated adapters: right, silent, and without a trace."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

import canbus as can
from canbus.bringup.detect import COMMON_BITRATES, Verdict, detect_bitrate
from canbus.link_config import LinkConfig
from canbus.link_info import LinkInfo
from canbus.links import apply, get_link
from canbus.testing.usb import EmulatedAdapter
from tests.hardware.network import PATIENCE, link_up, wait_until
from tests.scale import SOAK

PERIOD = 0.01  # seconds between frames of the others
DWELL = 0.5
NEVER = 1e6
DETECT = (sys.executable, "-m", "canbus", "detect")


@pytest.fixture(params=["gs_usb", "pcan_usb"])
def adapter(request: pytest.FixtureRequest) -> Iterator[EmulatedAdapter]:
    yield from _on_a_living_wire(request.getfixturevalue(request.param))


@pytest.fixture
def candle(gs_usb: EmulatedAdapter) -> Iterator[EmulatedAdapter]:
    yield from _on_a_living_wire(gs_usb)


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


def start(name: str, *more: str) -> subprocess.Popen[str]:
    """The command, at a bus where it will not find anything for a long time."""
    words = [*DETECT, name, "--timeout", "600", "--bitrates", "500k,250k", *more]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_listening(adapter: EmulatedAdapter) -> None:
    wait_until(lambda: bool(adapter.starts))
    assert "listen_only" in get_link(adapter.netdevs[0]).modes


# -- what is found


@pytest.mark.parametrize("bitrate", COMMON_BITRATES * SOAK)
def test_each_of_the_common_bit_rates_is_found_without_a_trace(
    candle: EmulatedAdapter, bitrate: int
) -> None:
    name = candle.netdevs[0]
    before = get_link(name)
    candle.set_wire_bitrate(bitrate)
    found = detect_bitrate(name, bitrates=COMMON_BITRATES, dwell=DWELL)
    assert found.bitrate == bitrate
    assert [evidence.bitrate for evidence, _ in found.heard][-1] == bitrate
    assert all(evidence.errors for evidence, verdict in found.heard[:-1])
    assert get_link(name) == before
    assert left_no_trace(candle)


@pytest.mark.parametrize("bitrate", COMMON_BITRATES if SOAK > 1 else [250_000, 1_000_000, 10_000])
def test_an_adapter_that_is_deaf_at_wrong_rates_finds_the_right_one(
    pcan_usb: EmulatedAdapter, bitrate: int
) -> None:
    for adapter in _on_a_living_wire(pcan_usb):
        name = adapter.netdevs[0]
        before = get_link(name)
        adapter.set_wire_bitrate(bitrate)
        found = detect_bitrate(name, bitrates=[bitrate * 2, bitrate], dwell=DWELL)
        assert found.bitrate == bitrate
        assert found.impossible or found.heard[0][1] is Verdict.SILENT
        assert get_link(name) == before
        assert left_no_trace(adapter)


def test_a_link_that_is_up_at_the_right_rate_is_not_touched(adapter: EmulatedAdapter) -> None:
    name = adapter.netdevs[0]
    link_up(name, bitrate=125_000)
    adapter.forget_sent()
    found = detect_bitrate(name, dwell=DWELL)
    assert found.bitrate == 125_000
    assert adapter.starts == []
    assert get_link(name).is_up


def test_a_link_that_was_up_is_up_as_before(adapter: EmulatedAdapter) -> None:
    name = adapter.netdevs[0]
    link_up(name, "restart-ms", "0", bitrate=250_000)
    before = get_link(name)
    adapter.forget_sent()
    assert detect_bitrate(name, bitrates=[500_000, 125_000], dwell=DWELL).bitrate == 125_000
    *during, last = adapter.starts
    assert during
    assert all(start.listen_only for start in during)
    assert (last.bitrate, last.listen_only) == (250_000, False)
    assert get_link(name) == before


def test_a_silent_bus_has_no_bit_rate(adapter: EmulatedAdapter) -> None:
    name = adapter.netdevs[0]
    adapter.traffic([], 0)
    before = get_link(name)
    found = detect_bitrate(name, bitrates=[500_000, 125_000], dwell=0.05, timeout=0.2)
    assert found.bitrate is None
    assert "nobody talks" in str(found.hint)
    assert get_link(name) == before
    assert left_no_trace(adapter)


def test_a_driver_without_listen_only_mode_is_refused(controllers: tuple[str, str]) -> None:
    """That of the emulated SJA1000 has it: as the kernel would say it of one that has not."""
    link = get_link(controllers[0])
    if link.supported_modes is not None and "listen_only" in link.supported_modes:
        pytest.skip("kvaser_pci has it; tests/unit/detect has drivers that have not")
    with pytest.raises(can.CanUnsupportedError, match="listen-only"):
        detect_bitrate(controllers[0])


def test_the_command_says_what_it_heard_and_sets_what_it_found(candle: EmulatedAdapter) -> None:
    name = candle.netdevs[0]
    words = [*DETECT, name, "--bitrates", "250k,125k", "--set", "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
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
    with start(candle.netdevs[0]) as process:
        wait_for_listening(candle)
        process.send_signal(number)
        _, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, errors) == (128 + number, "")
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
    with start(name) as process:
        wait_for_listening(candle)
        process.kill()
        _, errors = process.communicate(timeout=PATIENCE)  # until the guardian has ended, too
    assert f"{name} is as it was before" in errors
    assert get_link(name) == before
    if bitrate is None:
        assert left_no_trace(candle)


def test_of_two_searches_on_one_link_the_second_is_refused(candle: EmulatedAdapter) -> None:
    name = candle.netdevs[0]
    with start(name) as process:
        wait_for_listening(candle)
        with pytest.raises(can.CanLinkError, match="another process is detecting"):
            detect_bitrate(name)
        process.terminate()
        process.communicate(timeout=PATIENCE)


def test_unplugged_meanwhile_it_says_so(adapter: EmulatedAdapter) -> None:
    name = adapter.netdevs[0]
    with start(name, "--dwell", "600") as process:
        wait_for_listening(adapter)
        adapter.unplug()
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert f"note: {name} is gone: there is nothing to put back" in errors
    adapter.plug()


def test_taken_down_by_somebody_else_it_ends_and_the_link_is_as_before(
    candle: EmulatedAdapter,
) -> None:
    name = candle.netdevs[0]
    before: LinkInfo = get_link(name)
    with start(name, "--dwell", "600", "--bitrates", "500k") as process:
        wait_for_listening(candle)
        wait_until(lambda: get_link(name).is_up)
        apply(name, LinkConfig(up=False))
        _, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "down" in errors) == (1, True)
    assert get_link(name) == before
