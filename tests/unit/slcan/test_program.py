"""Random programs: frames from the wire, sends, answers refused or lost, pieces and noise.

The model: what was sent was taken, or refused, or not answered, and in order; what is received
is all whole lines, in order. Whatever happens, everything adds up in the end.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import canbus as can
from canbus.testing.slcan import LoseAnswers, Refuse, Silent, SlcanEmulator, Split
from canbus.testing.support import PATIENCE
from tests.scale import SOAK
from tests.unit.slcan.rig import open_bus, raised, receive_all
from tests.unit.slcan.serial_lines import no_leak

pytestmark = pytest.mark.filterwarnings("ignore::canbus.errors.CanWarning")  # of frames in vain
PROGRAMS = 100 * SOAK
NOISE = b"\xff\xfe\x00xyzQ!"


def frame(number: int, arbitration_id: int) -> can.Message:
    data = number.to_bytes(3, "big")
    return can.Message(arbitration_id=arbitration_id, is_extended_id=False, data=data)


def number_of(msg: Any) -> int:
    return int.from_bytes(msg.data, "big")


arrivals = st.tuples(st.just("arrive"), st.integers(1, 20))
sends = st.tuples(st.just("send"), st.integers(1, 12))
many = st.tuples(st.just("send_many"), st.integers(1, 20))
refusals = st.tuples(st.just("refused"), st.integers(1, 3))
confirmed = st.tuples(st.just("confirm"), st.just(1))
receives = st.tuples(st.just("receive"), st.integers(1, 10))
noises = st.tuples(st.just("noise"), st.binary(min_size=1, max_size=12))
pieces = st.tuples(st.just("split"), st.sampled_from([0, 1, 2, 5, 13]))
questions = st.tuples(st.just("version"), st.just(0))
programs = st.lists(
    st.one_of(arrivals, sends, many, refusals, confirmed, receives, noises, pieces, questions),
    max_size=15,
)


class Machine:
    """Carries a program out, and keeps account."""

    def __init__(self, adapter: SlcanEmulator, bus: Any) -> None:
        self.adapter, self.bus = adapter, bus
        self.next = 0
        self.wanted: list[int] = []  # frames that the adapter must get
        self.refused: list[int] = []  # those that it refuses
        self.told: list[int] = []
        self.from_wire: list[int] = []
        self.received: list[int] = []
        self.noises = 0

    def send(self, count: int) -> None:
        for _ in range(count):
            self._send(0x123, self.wanted)

    def refuse(self, count: int) -> None:
        for _ in range(count):
            self._send(0x777, self.refused)

    def confirm(self, _: int) -> None:
        self._send(0x123, self.wanted, confirm=True)

    def _send(self, arbitration_id: int, account: list[int], **options: Any) -> None:
        number, self.next = self.next, self.next + 1
        account.append(number)
        while True:
            try:
                self.bus.send(frame(number, arbitration_id), PATIENCE, **options)
            except can.CanFrameRefusedError as exc:
                self.told.append(number_of(exc.frame))
                if self.told[-1] == number:
                    return  # its own call has told; otherwise it is tried again
            else:
                return

    def send_many(self, count: int) -> None:
        numbers = list(range(self.next, self.next + count))
        self.next += count
        self.wanted += numbers
        while numbers:
            try:
                self.bus.send_many([frame(number, 0x123) for number in numbers], PATIENCE)
            except can.CanFrameRefusedError as exc:
                self.told.append(number_of(exc.frame))
                del numbers[: exc.sent]
            else:
                return

    def arrive(self, count: int) -> None:
        numbers = list(range(self.next, self.next + count))
        self.next += count
        self.from_wire += numbers
        self.adapter.arrive(*[frame(number, 0x321) for number in numbers])

    def receive(self, count: int) -> None:
        count = min(count, len(self.from_wire) - len(self.received))
        self.received += map(number_of, receive_all(self.bus, count))

    def noise(self, data: bytes) -> None:
        """What cannot be taken for an answer, and is a line of its own."""
        line = bytes(NOISE[byte % len(NOISE)] for byte in data)
        self.noises += 1
        self.adapter.write(b"\xff" + line + b"\r")

    def split(self, size: int) -> None:
        self.adapter.clear_faults(Split)
        if size:
            self.adapter.fault(Split(size, 0))

    def version(self, _: int) -> None:
        assert self.bus.get_version(PATIENCE) == (10, 13)

    def finish(self) -> None:
        """A last frame, so that all before it was answered; and all frames from the wire."""
        self.confirm(0)
        self.confirm(0)
        self.arrive(1)
        self.receive(len(self.from_wire))

    def steps(self) -> dict[str, Any]:
        return {
            "arrive": self.arrive,
            "send": self.send,
            "send_many": self.send_many,
            "refused": self.refuse,
            "confirm": self.confirm,
            "receive": self.receive,
            "noise": self.noise,
            "split": self.split,
            "version": self.version,
        }


def run(machine: Machine, program: list[tuple[str, Any]]) -> None:
    steps = machine.steps()
    for name, value in program:
        steps[name](value)
    machine.finish()


@pytest.fixture(scope="module")
def adapter() -> Iterator[SlcanEmulator]:
    with no_leak(), warnings.catch_warnings(), SlcanEmulator() as emulator:
        warnings.simplefilter("ignore", can.CanWarning)
        yield emulator


@settings(max_examples=PROGRAMS, deadline=None, suppress_health_check=list(HealthCheck))
@given(program=programs, window=st.sampled_from([1, 2, 8]), descriptor=st.booleans())
def test_everything_adds_up(adapter, program, window, descriptor):
    adapter.clear_faults()
    with open_bus(adapter, window=window) as bus:
        adapter.forget()
        adapter.fault(Refuse("t7"))
        if descriptor:
            bus.fileno()
        machine = Machine(adapter, bus)
        run(machine, program)
        assert machine.received == machine.from_wire
        assert machine.told == machine.refused
        assert [number_of(msg) for msg in adapter.sent] == machine.wanted
        statistics = bus.statistics
        assert statistics.tx_refused == len(machine.refused)
        assert statistics.tx_unanswered == 0
        assert statistics.rx_malformed == machine.noises
        assert bus.recv(0) is None


def test_one_by_one_each_frame_has_its_own_fate(adapter):
    """With a window of 1 an answer can be nobody else's."""
    adapter.clear_faults()
    with open_bus(adapter, window=1) as bus:
        adapter.forget()
        adapter.fault(Refuse("t7"), Silent("t6"))
        fates = {0x123: type(None), 0x777: can.CanFrameRefusedError, 0x666: can.CanTimeoutError}
        for number, arbitration_id in enumerate((0x123, 0x777, 0x666, 0x777, 0x123, 0x123)):
            error = raised(bus.send, frame(number, arbitration_id), PATIENCE)
            assert type(error) is fates[arbitration_id], number
        assert [number_of(msg) for msg in adapter.sent] == [0, 4, 5]
        assert (bus.statistics.tx_refused, bus.statistics.tx_unanswered) == (2, 1)


def test_answers_that_are_lost_cost_no_frame(adapter):
    adapter.clear_faults()
    with open_bus(adapter, window=8) as bus:
        adapter.forget()
        adapter.fault(LoseAnswers(4))
        machine = Machine(adapter, bus)
        failed = 0
        for number in range(30):
            while True:
                try:
                    bus.send(frame(number, 0x123), PATIENCE)
                except can.CanTimeoutError:
                    failed += 1
                else:
                    break
        machine.arrive(1)
        machine.receive(1)
        assert [number_of(msg) for msg in adapter.wait_for_sent(30)] == list(range(30))
        adapter.clear_faults()
        assert bus.statistics.tx_unanswered >= failed
