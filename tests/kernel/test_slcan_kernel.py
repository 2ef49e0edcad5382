"""SlcanBus on one end of a serial line, the kernel's slcan driver on the other: the same frames.

What each received is compared with what the other sent, frame by frame and in order; candump
says what the kernel's side had.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

import canbus as can
from canbus.backends.slcan.bus import SlcanBus
from canbus.links import set_down, set_up
from canbus.testing.support import PATIENCE, Worker, receive, wait_until_blocked
from tests.kernel.slcan_rig import (
    EACH,
    KINDS,
    Candump,
    Wire,
    chunks,
    counters,
    slcan_attach,
    slcand,
)
from tests.scale import SOAK

pytestmark = [
    # The driver puts its link where everybody sees it, whatever network namespace we are in.
    pytest.mark.guest,
    pytest.mark.timeout(60 * SOAK),
]

LINK = "slcan9"
ROOM = 2**23  # bytes that the kernel holds for a reader; a frame takes some 800


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire("/dev/ttyCanbusTest") as wire:
        yield wire


@pytest.fixture
def link(wire: Wire) -> Iterator[str]:
    with slcand(wire.near, LINK, "-o", "-c", "-s6") as link:
        yield link


@pytest.fixture
def bus(wire: Wire) -> Iterator[SlcanBus]:
    """Ours, opened before the driver says anything."""
    with open_bus(wire) as bus:
        yield bus


def open_bus(wire: Wire, **options: Any) -> SlcanBus:
    options = {"dialect": "lawicel", "handshake": "off", "bitrate": 500_000, **options}
    bus = can.Bus(wire.far, interface="slcan", **options)
    assert isinstance(bus, SlcanBus)
    return bus


def on_kernel(link: str) -> can.BusABC:
    return can.Bus(link, interface="socketcan")


def frames(texts: list[str]) -> list[can.Message]:
    return [can.Message.parse(text) for text in texts]


def received(bus: can.BusABC, count: int) -> list[str]:
    return [format(receive(bus), "candump") for _ in range(count)]


def no_harm_done(bus: can.BusABC, link: str) -> None:
    """Nothing was lost or misunderstood on either side."""
    assert bus.recv(0) is None
    assert bus.statistics.rx_malformed == 0
    for numbers in counters(link).values():
        assert {k: v for k, v in numbers.items() if v and ("err" in k or "drop" in k)} == {}


# -- traffic ------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["lawicel", "slcan"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_we_send_the_kernel_receives(wire: Wire, link: str, kind: str, dialect: str) -> None:
    count = EACH // 2  # of either dialect
    with open_bus(wire, dialect=dialect) as bus, Candump(link) as candump:
        for sent in chunks(count, kind, seed=len(dialect)):
            bus.send_many(frames(sent))

            assert candump.take(len(sent)) == sent
        no_harm_done(bus, link)
    assert counters(link)["rx"]["packets"] == count


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_kernel_sends_we_receive(
    wire: Wire, bus: can.BusABC, link: str, kind: str
) -> None:
    with on_kernel(link) as kernel, Candump(link) as candump:
        for sent in chunks(EACH, kind):
            for msg in frames(sent):  # its queue has 10 places
                kernel.send(msg, PATIENCE)

            assert received(bus, len(sent)) == sent
            assert candump.take(len(sent)) == sent
        no_harm_done(bus, link)
    assert counters(link)["tx"]["packets"] == EACH


def test_all_kinds_in_both_directions_at_once(wire: Wire, bus: can.BusABC, link: str) -> None:
    with on_kernel(link) as kernel, on_kernel(link) as other:
        there, back = (chunks(EACH, *KINDS, seed=seed) for seed in (1, 2))
        for ours, theirs in zip(there, back, strict=True):
            for mine, its in zip(frames(ours), frames(theirs), strict=True):
                bus.send(mine)
                kernel.send(its, PATIENCE)

            assert received(bus, len(theirs)) == theirs
            assert received(kernel, len(ours)) == ours
            both = [receive(other) for _ in range(len(ours) + len(theirs))]
            assert [format(msg, "candump") for msg in both if msg.is_rx] == ours
            assert [format(msg, "candump") for msg in both if not msg.is_rx] == theirs
        no_harm_done(bus, link)


def test_where_the_line_takes_no_more_we_say_so_and_what_we_took_arrives(
    wire: Wire, bus: can.BusABC, link: str
) -> None:
    texts = (text for chunk in chunks(10_000, *KINDS) for text in chunk)
    with can.Bus(link, interface="socketcan", rcvbuf=ROOM) as kernel:
        with wire.held():
            sent = until_full(bus, texts)
        bus.send(can.Message.parse("7FE#"), PATIENCE)
        assert received(kernel, len(sent) + 1) == [*sent, "7FE#"]
        no_harm_done(bus, link)


def test_where_the_line_takes_no_more_the_kernel_says_so_and_what_it_took_arrives(
    wire: Wire, bus: can.BusABC, link: str
) -> None:
    texts = (text for chunk in chunks(10_000, *KINDS) for text in chunk)
    with on_kernel(link) as kernel:
        with wire.held():
            sent = until_full(kernel, texts)
        kernel.send(can.Message.parse("7FE#"), PATIENCE)
        assert received(bus, len(sent) + 1) == [*sent, "7FE#"]
        assert counters(link)["tx"]["packets"] == len(sent) + 1
        assert bus.recv(0) is None
        assert bus.statistics.rx_malformed == 0


def test_a_frame_that_the_line_takes_in_part_is_sent_when_send_returns(
    wire: Wire, link: str
) -> None:
    texts = [text for chunk in chunks(10_000, *KINDS) for text in chunk]
    with Wire("/dev/ttyCanbusTest2") as other, other.held():
        bus = open_bus(other)
        last = len(until_full(bus, iter(texts)))
        with pytest.warns(can.CanWarning, match="did not read the last line"):
            bus.shutdown()
    with can.Bus(link, interface="socketcan", rcvbuf=ROOM) as kernel:
        with wire.held():
            bus = open_bus(wire)
            for msg in frames(texts[: last - 1]):
                bus.send(msg, 0)
            ours = Worker(lambda: bus.send(can.Message.parse(texts[last - 1]), PATIENCE))
            wait_until_blocked(ours)
        ours.result()
        assert received(kernel, last) == texts[:last]
        bus.shutdown()


def test_many_frames_that_were_sent_arrive_without_another_call(
    wire: Wire, bus: SlcanBus, link: str
) -> None:
    """All but the one that was begun, when there is no time to finish it: it comes with a call."""
    texts = [text for chunk in chunks(10_000, *KINDS) for text in chunk]
    sent = 0
    with can.Bus(link, interface="socketcan", rcvbuf=ROOM) as kernel:
        with wire.held(), pytest.raises(can.CanTxQueueFullError) as caught:  # noqa: PT012
            while True:
                bus.send_many(frames(texts[sent : sent + 64]), 0)
                sent += 64
        sent += caught.value.sent
        assert received(kernel, sent - 1) == texts[: sent - 1]
        assert bus.recv(0) is None
        assert received(kernel, 1) == texts[sent - 1 : sent]


def until_full(bus: can.BusABC, texts: Iterator[str]) -> list[str]:
    """Send until there is no room; what was sent."""
    sent: list[str] = []
    with pytest.raises(can.CanTxQueueFullError):  # noqa: PT012 - the loop is what ends so
        for text in texts:
            bus.send(can.Message.parse(text), 0)
            sent.append(text)
    return sent


# -- commands -----------------------------------------------------------------------------


def test_the_commands_of_slcand_are_none_of_our_business(wire: Wire, bus: can.BusABC) -> None:
    with slcand(wire.near, LINK, "-o", "-c", "-f", "-s6") as link, on_kernel(link) as kernel:
        wire.wait_for(b"C\rS6\rF\rO\r")
        kernel.send(can.Message.parse("123#01"))
        assert received(bus, 1) == ["123#01"]
        bus.send(can.Message.parse("321#02"))
        assert received(kernel, 1) == ["321#02"]
        no_harm_done(bus, link)
    wire.wait_for(b"t123101\rC\r")
    assert bus.recv(0) is None
    assert bus.statistics.rx_malformed == 0


def test_the_commands_of_the_driver_itself_are_neither(wire: Wire, bus: can.BusABC) -> None:
    """It sends its own where it was told a bitrate."""
    with slcan_attach(wire.near, LINK) as link:
        set_down(link)
        set_bitrate(link, 250_000)
        set_up(link)
        wire.wait_for(b"S5\rO\r")
        with on_kernel(link) as kernel:
            kernel.send(can.Message.parse("123#01"))
            assert received(bus, 1) == ["123#01"]
            bus.send(can.Message.parse("321#02"))
            assert received(kernel, 1) == ["321#02"]
        no_harm_done(bus, link)
        set_down(link)
        wire.wait_for(b"C\r")
    assert bus.recv(0) is None
    assert bus.statistics.rx_malformed == 0


def set_bitrate(link: str, bitrate: int) -> None:
    subprocess.run(["ip", "link", "set", link, "type", "can", "bitrate", str(bitrate)], check=True)


def test_our_commands_are_none_of_the_kernels(wire: Wire, link: str) -> None:
    """Whatever is opened, asked and closed here: frames before and after arrive, and only they."""
    with on_kernel(link) as kernel:
        for number in range(20):
            text = f"{number:03X}#{number:02X}"
            with open_bus(wire) as bus:
                bus.send(can.Message.parse(text))
                bus.set_bitrate(250_000)
                bus.send(can.Message.parse(text))
                assert received(kernel, 2) == [text, text]
                kernel.send(can.Message.parse(text))
                assert received(bus, 1) == [text]
                bus.close()
                bus.open()
                assert bus.recv(0) is None
                assert bus.statistics.rx_malformed == 0
        with open_bus(wire) as bus:
            assert bus.can_state is None
            assert bus.get_version(0.1) == (None, None)
            assert bus.get_serial_number(0.1) is None
            no_harm_done(bus, link)
        assert kernel.recv(0) is None
    assert counters(link)["rx"]["packets"] == 40


def test_an_adapter_that_answers_nothing_is_named_as_such(wire: Wire, link: str) -> None:
    """The kernel is none, and answers no question: who waits for one is told."""
    with pytest.raises(can.CanInitializationError, match="nothing answers"):
        open_bus(wire, dialect="auto", handshake="auto").shutdown()
    assert counters(link)["rx"]["packets"] == 0
