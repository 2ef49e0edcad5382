"""Random programs under several readers of one bus: together they get what a model says, once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain, islice

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import canbus as can
from canbus.links import set_down, set_up, temporary_vcan
from canbus.testing.support import PATIENCE, Worker, number_of, numbered, wait_until_blocked
from tests.kernel.witness import Witness
from tests.scale import SOAK

ODD, EVEN = 0x101, 0x100
FILTERS = {
    "all": None,
    "odd": [can.CanFilter(ODD, 0x7FF, extended=False)],
    "odd, too many": [can.CanFilter(2 * ident + 1, 0x7FF, extended=False) for ident in range(700)],
    "nothing": can.CanFilter.nothing(),
}
WAYS = ("recv", "recv with timeout", "recv_many", "iteration")


class Readers:
    """Threads that read one bus until it is shut down, each in its way."""

    def __init__(self, bus: can.BusABC, ways: list[str]) -> None:
        self._bus = bus
        self._changed = threading.Condition()
        self._link_is_up = threading.Event()
        self._link_is_up.set()
        self.frames: list[list[int]] = [[] for _ in ways]
        self.told_of_link = 0
        self.workers = [Worker(partial(self._read, way, at)) for at, way in enumerate(ways)]

    def _read(self, way: str, at: int) -> None:
        while True:
            try:
                came = self._take(way)
            except can.CanClosedError:
                return
            except can.CanLinkDownError:
                with self._changed:
                    self.told_of_link += 1
                    self._changed.notify_all()
                assert self._link_is_up.wait(PATIENCE)
                continue
            with self._changed:
                self.frames[at] += map(number_of, came)
                self._changed.notify_all()

    def _take(self, way: str) -> list[can.Message]:
        if way == "recv":
            msg = self._bus.recv()
        elif way == "recv with timeout":
            msg = self._bus.recv(0.01)
        elif way == "recv_many":
            return self._bus.recv_many(5)
        else:
            return list(islice(self._bus, 1))
        return [] if msg is None else [msg]

    def wait_for(self, count: int) -> None:
        """Return when so many frames have come to all of them together."""
        with self._changed:
            enough = self._changed.wait_for(lambda: sum(map(len, self.frames)) >= count, PATIENCE)
            assert enough, f"{self.frames} are not {count}"

    def bring_link_down(self, name: str) -> None:
        """Return when every reader was told."""
        self.told_of_link = 0
        self._link_is_up.clear()
        set_down(name)
        with self._changed:
            assert self._changed.wait_for(
                lambda: self.told_of_link == len(self.workers), PATIENCE
            ), f"{self.told_of_link} of {len(self.workers)} were told"

    def bring_link_up(self, name: str) -> None:
        set_up(name)
        self._link_is_up.set()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("burst"), st.integers(1, 120)),
        st.tuples(st.just("one by one"), st.integers(1, 20)),
        st.tuples(st.just("filters"), st.sampled_from(sorted(FILTERS))),
        st.tuples(st.just("blocked"), st.just(0)),
        st.tuples(st.just("link"), st.just(0)),
        st.tuples(st.just("descriptor"), st.just(0)),
    ),
    min_size=3,
    max_size=12,
)


@contextmanager
def _two_buses() -> Iterator[tuple[str, Witness, can.BusABC, can.BusABC]]:
    with (
        temporary_vcan() as link,
        Witness(link.name) as witness,
        can.Bus(link.name, interface="socketcan") as sender,
        can.Bus(link.name, interface="socketcan", rcvbuf=4_000_000) as bus,
    ):
        yield link.name, witness, sender, bus


@pytest.mark.timeout(120 * SOAK)
@settings(
    max_examples=30 * SOAK,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(ways=st.lists(st.sampled_from(WAYS), min_size=2, max_size=4), steps=STEPS)
def test_readers_that_share_a_bus_get_every_frame_once_and_all_hear_of_the_link(
    ways: list[str], steps: list[tuple[str, int | str]]
) -> None:
    with _two_buses() as (link, witness, sender, bus):
        readers = Readers(bus, ways)
        sent = 0
        due: list[int] = []
        wanted = "all"
        for step, what in steps:
            if step in {"burst", "one by one"}:
                assert isinstance(what, int)
                msgs = [numbered(n, ODD if n % 2 else EVEN) for n in range(sent, sent + what)]
                sent += what
                if step == "burst":
                    sender.send_many(msgs, PATIENCE)
                else:
                    for msg in msgs:
                        sender.send(msg, PATIENCE)
                witness.saw(what)
                if wanted != "nothing":
                    due += [number_of(msg) for msg in msgs if wanted == "all" or number_of(msg) % 2]
                if step == "one by one":
                    readers.wait_for(len(due))
            elif step == "filters":
                readers.wait_for(len(due))  # what the old ones let pass, and the new may not
                wanted = str(what)
                bus.set_filters(FILTERS[wanted])
            elif step == "blocked":
                readers.wait_for(len(due))
                if "recv with timeout" not in ways:  # which never rests
                    wait_until_blocked(*readers.workers)
            elif step == "link":
                readers.wait_for(len(due))
                readers.bring_link_down(link)
                readers.bring_link_up(link)
                witness.heard_of_link()
            else:
                bus.fileno()
        readers.wait_for(len(due))
        assert bus.statistics.rx_dropped == 0
        bus.shutdown()
        for worker in readers.workers:
            worker.result()
        assert sorted(chain.from_iterable(readers.frames)) == due
        for mine in readers.frames:
            assert mine == sorted(mine)


@pytest.mark.parametrize("count", [2, 5, 20])
def test_of_a_burst_every_reader_that_waits_gets_one(count: int) -> None:
    """Whoever is first reads all of them, and goes away with one."""
    with _two_buses() as (_, _, sender, bus):
        for start in range(0, 10 * count, count):
            readers = [Worker(partial(bus.recv, PATIENCE)) for _ in range(count)]
            wait_until_blocked(*readers)
            sender.send_many([numbered(number) for number in range(start, start + count)])
            got = [reader.result() for reader in readers]
            assert sorted(number_of(msg) for msg in got if msg) == list(range(start, start + count))
