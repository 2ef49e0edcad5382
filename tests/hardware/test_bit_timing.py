"""What the solver says a bit rate comes to is what the kernel sets: `ip link set`, read back."""

from __future__ import annotations

import json
import subprocess
from itertools import product
from typing import Any

import pytest

from canbus.bit_timing import solve
from canbus.links import get_link
from tests.hardware.network import link_down

RATES = [5_000, 7_813, 10_000, 12_345, 20_000, 31_250, 33_333, 47_619, 50_000, 62_500, 76_800]
RATES += [83_333, 95_238, 100_000, 111_111, 125_000, 153_600, 200_000, 250_000, 307_692]
RATES += [333_333, 400_000, 500_000, 615_384, 666_666, 750_000, 800_000, 888_888, 1_000_000]
POINTS = [None, 50.0, 66.6, 75.0, 80.0, 87.5]
DATA_RATES = [500_000, 800_000, 1_000_000, 1_500_000, 2_000_000, 2_222_222, 3_000_000, 4_000_000]
DATA_RATES += [5_000_000, 6_666_666, 8_000_000]


def set_and_read(name: str, words: list[str]) -> list[dict[str, Any] | None]:
    """What the kernel makes of each; None where it refuses. One process for all of them."""
    lines = []
    for word in words:
        lines += [f"link set {name} type can {word}", f"link show {name}"]
    # -force: go on after one that is refused; its line is named on stderr.
    done = subprocess.run(
        ["ip", "-details", "-json", "-force", "-batch", "-"],
        input="\n".join(lines) + "\n", capture_output=True, text=True, check=False,
    )  # fmt: skip
    refused = {
        (int(line.partition("Command failed -:")[2]) - 1) // 2
        for line in done.stderr.splitlines()
        if line.startswith("Command failed")
    }
    shown = [json.loads(line)[0] for line in split_json(done.stdout)]
    assert len(shown) == len(words)
    return [
        None if number in refused else one["linkinfo"]["info_data"]
        for number, one in enumerate(shown)
    ]


def split_json(text: str) -> list[str]:
    """`ip -batch` writes one array after the other."""
    decoder, found, place = json.JSONDecoder(), [], 0
    while place < len(text.rstrip()):
        _, end = decoder.raw_decode(text, place)
        found.append(text[place:end])
        place = end
        while place < len(text) and text[place].isspace():
            place += 1
    return found


def check(clock, limits, rate, point, said):
    ours = solve(clock, limits, rate, point)
    if said is None:
        assert ours is None or not ours.is_accepted, (rate, point, ours)
        return
    assert ours is not None
    assert ours.is_accepted
    assert (ours.bitrate, ours.bit.brp, ours.bit.tseg1, ours.bit.tseg2) == (
        said["bitrate"], said["brp"], said["prop_seg"] + said["phase_seg1"], said["phase_seg2"]
    ), (rate, point)  # fmt: skip
    assert ours.sample_point == pytest.approx(100 * float(said["sample_point"]))
    assert ours.bit.sjw == said["sjw"]


@pytest.mark.parametrize(("adapter", "rates"), [("pcan_usb", RATES[::2]), ("gs_usb", RATES[1::2])])
def test_bit_rates_and_sample_points(adapter, rates, request):
    name = request.getfixturevalue(adapter).netdevs[0]
    link = get_link(name)
    asked = list(product(rates, POINTS))
    words = [
        f"bitrate {rate}" + (f" sample-point {point / 100:.3f}" if point else "")
        for rate, point in asked
    ]
    told = set_and_read(name, words)
    for (rate, point), said in zip(asked, told, strict=True):
        check(link.clock, link.bit_timing_limits, rate, point, said and said["bittiming"])
    assert sum(said is not None for said in told) > 60


def test_data_bit_rates(gs_usb):
    name = gs_usb.netdevs[0]
    link = get_link(name)
    asked = list(product(DATA_RATES, POINTS))
    words = [
        f"bitrate 500000 dbitrate {rate}"
        + (f" dsample-point {point / 100:.3f}" if point else "")
        + " fd on"
        for rate, point in asked
    ]
    told = set_and_read(name, words)
    for (rate, point), said in zip(asked, told, strict=True):
        check(link.clock, link.data_bit_timing_limits, rate, point, said and said["data_bittiming"])
    assert sum(said is not None for said in told) > 40
    subprocess.run(["ip", "link", "set", name, "type", "can", "fd", "off"], check=True)
    link_down(name)
