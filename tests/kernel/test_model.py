"""Random programs of steps on several buses, judged by a model (model.py) after each step."""

from __future__ import annotations

import select
from contextlib import ExitStack
from itertools import islice

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import canbus as can
from canbus import CanFilter
from canbus.frame_rules import FD_LENGTHS
from canbus.links import set_down, set_up, temporary_vcan
from canbus.testing.support import PATIENCE
from tests.kernel.model import Filters, Promised
from tests.kernel.witness import Witness
from tests.scale import SOAK

FEW_IDS = st.sampled_from((5, 0x123, 0x124, 0x7FF))
IDS = FEW_IDS | FEW_IDS | st.integers(0, 0x7FF)
LONG_IDS = FEW_IDS | st.sampled_from((0x18DAF110, 0x1FFFFFFF)) | st.integers(0, 0x1FFFFFFF)
KINDS = ("standard", "extended", "remote", "extended remote", "FD", "extended FD", "error")


@st.composite
def filters(draw: st.DrawFn) -> CanFilter:
    extended = draw(st.sampled_from((None, False, True)))
    mask = draw(st.sampled_from((0, 1, 4, 0x700, 0x7FF, 0x1FFFFFFF)) | st.integers(0, 0x7FF))
    return CanFilter(
        draw(IDS if extended is False else LONG_IDS),
        mask,
        extended=extended,
        inverted=draw(st.booleans()),
        remote=draw(st.sampled_from((None, None, False, True))),
    )


def _many(count: int, mask: int) -> list[CanFilter]:
    """More filters than the kernel takes: it gets a wider one."""
    return [CanFilter(ident, mask, extended=False) for ident in range(0x100, 0x100 + count)]


FILTERS: st.SearchStrategy[Filters] = st.one_of(
    st.none(),
    st.none(),
    st.just(CanFilter.nothing()),
    st.just([CanFilter(0x123, 0x7FF)]),
    st.lists(filters(), min_size=1, max_size=4),
    st.builds(_many, st.sampled_from((512, 513, 600)), st.just(0x7FF)),
)

OPTIONS = st.fixed_dictionaries(
    {
        "fd": st.booleans(),
        "xl": st.sampled_from((False, False, True)),  # read one by one, where the other is not
        "rcvbuf": st.sampled_from((4096, 4096, None)),
        "on_loss": st.sampled_from(("count", "count", "raise")),
        "join_filters": st.sampled_from((False, False, True)),
        "receive_own_messages": st.booleans(),
    }
)

BUSES = range(2)


AT = st.sampled_from(BUSES)
KIND = st.tuples(st.sampled_from(KINDS), IDS, LONG_IDS)
SENDING = rule(
    at=AT,
    kinds=st.lists(KIND, min_size=2, max_size=12),
    times=st.sampled_from((1, 1, 1, 2, 8)),
    at_once=st.booleans(),
)
RECEIVING = rule(at=AT, times=st.integers(1, 4))
SELDOM = st.integers(0, 3)  # when it is 0
FILTERING = rule(at=AT, wanted=FILTERS)


class Program(RuleBasedStateMachine):
    """Two buses on one link; each sends, receives, and is changed."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.link = self.stack.enter_context(temporary_vcan()).name
        self.witness = self.stack.enter_context(Witness(self.link))
        self.is_up = True
        self.number = 0
        self.buses: list[can.BusABC] = []
        self.promised: list[Promised] = []
        self.watched: set[can.BusABC] = set()

    @initialize(opened=st.tuples(*[st.tuples(OPTIONS, FILTERS, st.booleans()) for _ in BUSES]))
    def open_all(self, opened) -> None:
        for options, wanted, everywhere in opened:
            bus, promised = self._open(options, wanted, everywhere)
            self.buses.append(bus)
            self.promised.append(promised)

    def _open(self, options, wanted, everywhere):
        channel = "" if everywhere else self.link
        bus = can.Bus(channel, interface="socketcan", can_filters=wanted, **options)
        self.stack.callback(bus.shutdown)
        promised = Promised(
            self.link,
            wanted,
            fd=options["fd"] or options["xl"],
            own=options["receive_own_messages"],
            joined=options["join_filters"],
            told_of_link=not everywhere,
            raises_losses=options["on_loss"] == "raise",
        )
        if not self.is_up:
            promised.link_down()
        return bus, promised

    def teardown(self) -> None:
        with self.stack:
            if not self.buses:
                return
            if not self.is_up:
                self.take_up()
            for at in BUSES:
                while self._receive(at, lambda bus: [bus.recv(0)]):
                    pass

    # -- sending ----------------------------------------------------------------------

    def _frame(self, kind: str, ident: int, long_ident: int) -> can.Message:
        self.number += 1
        extended = kind.startswith("extended")
        msg = can.Message(
            arbitration_id=long_ident if extended else ident,
            is_extended_id=extended,
            channel=self.link,
        )
        if kind == "error":
            msg.is_error_frame, msg.arbitration_id = True, 1 << self.number % 9
            msg.data = self.number.to_bytes(8)
        elif kind.endswith("remote"):
            msg.is_remote_frame, msg.dlc = True, self.number % 9
        elif kind.endswith("FD"):
            msg.is_fd = True
            msg.bitrate_switch = self.number % 2 == 0
            msg.error_state_indicator = self.number % 3 == 0
            msg.data = self.number.to_bytes(FD_LENGTHS[4 + self.number % 12])
        else:
            msg.data = self.number.to_bytes(4 + self.number % 5)
        return msg

    def _send(self, at: int, kinds, times: int, at_once: bool) -> None:
        bus = self.buses[at]
        can_fd = bus.protocol is not can.CanProtocol.CAN_20
        msgs = [
            self._frame(*kind) for kind in kinds * times if can_fd or not kind[0].endswith("FD")
        ]
        for part in [msgs] if at_once else [[msg] for msg in msgs]:
            try:
                sent = bus.send_many(part, PATIENCE) if at_once else bus.send(part[0], PATIENCE)
            except can.CanLinkDownError as error:
                assert not self.is_up
                assert (error.sent or 0) == 0  # noqa: PT017 - one way of two
                self.promised[at].sending_failed()
                return
            assert self.is_up or not part
            assert not at_once or sent == len(part)
            self.witness.saw(len(part))
            for receiver, promised in zip(self.buses, self.promised, strict=True):
                dropped = receiver.statistics.rx_dropped or 0
                promised.sent(part, receiver is bus, dropped)

    @SENDING  # rules are chosen evenly, and this one should be more often
    def send_more(self, **what) -> None:
        self._send(**what)

    @SENDING
    def send(self, **what) -> None:
        self._send(**what)

    @SENDING
    def send_still_more(self, **what) -> None:
        self._send(**what)

    # -- receiving --------------------------------------------------------------------

    def _receive(self, at: int, call) -> bool:
        """Make the call and judge it; False if nothing came."""
        bus, promised = self.buses[at], self.promised[at]
        try:
            came = call(bus)
        except can.CanError as error:
            promised.got_error(error)
            return not promised.is_down
        if came in ([], [None]):
            promised.got_nothing()
            return False
        for msg in came:
            promised.got(msg)
        return True

    def _recv(self, at: int, times: int) -> None:
        for _ in range(times):
            self._receive(at, lambda bus: [bus.recv(0)])

    @RECEIVING
    def recv_more(self, **what) -> None:
        self._recv(**what)

    @RECEIVING
    def recv(self, **what) -> None:
        self._recv(**what)

    @rule(at=AT, limit=st.sampled_from((1, 2, 5, 64, 65, 500)))
    def recv_many(self, at: int, limit: int) -> None:
        def call(bus):
            frames = bus.recv_many(limit, 0)
            assert len(frames) <= limit
            return frames

        self._receive(at, call)

    @rule(at=AT, how=st.sampled_from(("recv", "recv_many", "iteration")))
    def wait(self, at: int, how: str) -> None:
        """What waits comes at once, however long one would wait."""
        if not self.promised[at].says_something:
            return
        calls = {
            "recv": lambda bus: [bus.recv(PATIENCE)],
            "recv_many": lambda bus: bus.recv_many(3, PATIENCE),
            "iteration": lambda bus: list(islice(bus, 1)),
        }
        assert self._receive(at, calls[how]) or self.promised[at].is_down

    @rule(at=AT, count=st.integers(1, 20))
    def iterate(self, at: int, count: int) -> None:
        wanted = min(count, self.promised[at].due)
        if wanted and not self.promised[at].raises_losses:
            self._receive(at, lambda bus: list(islice(bus, wanted)))

    @precondition(lambda self: self.is_up)
    @rule(at=AT)
    def wait_in_vain(self, at: int) -> None:
        """Longer than filters are looked after twice."""
        while self._receive(at, lambda bus: [bus.recv(0.11)]):
            pass

    # -- changes ----------------------------------------------------------------------

    def _set_filters(self, at: int, wanted: Filters) -> None:
        self.buses[at].set_filters(wanted)
        self.promised[at].set_filters(wanted)

    @FILTERING
    def set_filters(self, **what) -> None:
        self._set_filters(**what)

    @FILTERING
    def set_other_filters(self, **what) -> None:
        self._set_filters(**what)

    @rule(at=AT)
    def ask_for_the_descriptor(self, at: int) -> None:
        self.watched.add(self.buses[at])

    @precondition(lambda self: self.is_up)
    @rule(really=SELDOM)
    def take_down(self, really: int) -> None:
        if really:
            return
        set_down(self.link)
        self.is_up = False
        self.witness.heard_of_link()
        for promised in self.promised:
            promised.link_down()

    @precondition(lambda self: not self.is_up)
    @rule()
    def take_up(self) -> None:
        set_up(self.link)
        self.is_up = True
        for promised in self.promised:
            promised.link_up()

    @rule(
        at=AT,
        options=OPTIONS,
        wanted=FILTERS,
        everywhere=st.booleans(),
        really=SELDOM,
    )
    def open_another_in_its_place(self, at: int, options, wanted, everywhere, really) -> None:
        if really:
            return
        self.buses[at].shutdown()
        self.buses[at], self.promised[at] = self._open(options, wanted, everywhere)

    # -- always -----------------------------------------------------------------------

    @invariant()
    def the_descriptor_tells_what_waits(self) -> None:
        for bus, promised in zip(self.buses, self.promised, strict=True):
            if bus in self.watched:
                readable = bool(select.select([bus], [], [], 0)[0])
                assert readable or not promised.must_be_readable
                assert not (readable and promised.must_not_be_readable)

    @invariant()
    def the_count_of_losses_is_right(self) -> None:
        for bus, promised in zip(self.buses, self.promised, strict=True):
            assert bus.statistics.rx_dropped == promised.dropped


Program.TestCase.settings = settings(
    max_examples=30 * min(SOAK, 12),  # Hypothesis keeps all that it has drawn in memory
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
TestProgram = pytest.mark.timeout(120 * SOAK)(Program.TestCase)
