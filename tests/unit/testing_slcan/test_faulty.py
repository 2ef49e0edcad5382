"""Faults at work on commands and bytes, and the buffer that they slow down. No terminal."""

from __future__ import annotations

import pytest

from canbus.errors import CanConfigError
from canbus.testing import slcan
from canbus.testing.slcan import (
    Echo,
    FirstOnly,
    Garbage,
    LoseAnswers,
    NoAck,
    Refuse,
    Say,
    Silent,
    SlcanAdapter,
    Slow,
    Split,
    UnplugAfter,
)
from canbus.testing.slcan.fault_text import FAULTS, parse_fault
from canbus.testing.slcan.faults import Fault
from canbus.testing.slcan.faulty import Faulty
from canbus.testing.slcan.outbox import Outbox
from canbus.testing.slcan.parting import Parting

MS = 10**6


def faulty(*faults):
    active = Faulty()
    active.add(faults)
    return active


def asked(lines: bytes, *faults) -> tuple[bytes, SlcanAdapter]:
    """What an adapter with these faults answers, and that adapter."""
    said: list[bytes] = []
    adapter = SlcanAdapter()
    adapter.out, adapter.intercept = said.append, faulty(*faults).intercept
    adapter.feed(lines)
    return b"".join(said), adapter


# -- commands


@pytest.mark.parametrize(
    ("faults", "answer"),
    [
        ([], b"\rV1013\r\r"),
        ([Silent()], b""),
        ([Silent("V")], b"\r\r"),
        ([Silent("V", "S")], b"\a"),
        ([Refuse()], b"\a\a\a"),
        ([Refuse("S")], b"\aV1013\r\a"),
        ([Refuse("S7")], b"\rV1013\r\r"),
        ([Say("V", b"V1\r")], b"\rV1\r\r"),
        ([Say("V", b"V1\r"), Say("O", b"?")], b"\rV1\r?"),
        ([LoseAnswers()], b""),
        ([LoseAnswers(2)], b"\r\r"),
        ([LoseAnswers(3)], b"\rV1013\r"),
        ([Silent("V"), Refuse("O")], b"\r\a"),
    ],
)
def test_faults_of_commands(faults, answer):
    assert asked(b"S6\rV\rO\r", *faults)[0] == answer


@pytest.mark.parametrize(
    ("fault", "is_open"),
    [(Silent(), False), (Refuse(), False), (LoseAnswers(), True), (Say("O", b"\r"), False)],
)
def test_only_a_lost_answer_was_preceded_by_the_deed(fault, is_open):
    assert asked(b"S6\rO\r", fault)[1].is_open is is_open


def test_the_first_command_of_a_write_is_heard():
    assert faulty(FirstOnly()).incoming(b"C\rS6\rO\r") == b"C\r"
    assert faulty(FirstOnly()).incoming(b"t12") == b"t12"
    assert faulty().incoming(b"C\rS6\rO\r") == b"C\rS6\rO\r"


def test_echo_is_a_switch():
    assert faulty(Echo()).has_echo
    assert not faulty().has_echo


def test_faults_are_cleared_by_their_kind_or_all():
    active = faulty(Silent("V"), Slow(delay=1), Split(3), UnplugAfter(7), Echo())
    assert (active.delay_ns, active.piece, active.until_unplug) == (10**9, 3, 7)
    active.clear((Slow, UnplugAfter))
    assert (active.delay_ns, active.piece, active.until_unplug) == (0, 3, None)
    active.clear((Fault,))
    assert (active.faults, active.piece, active.has_echo) == ([], None, False)


@pytest.mark.parametrize(
    "make",
    [
        lambda: LoseAnswers(0),
        lambda: Garbage(every=0),
        lambda: Split(0),
        lambda: Split(gap=-1),
        lambda: Slow(bytes_per_second=0),
        lambda: Slow(delay=-1),
        lambda: UnplugAfter(-1),
    ],
)
def test_numbers_that_make_no_sense_are_refused(make):
    with pytest.raises(CanConfigError, match="makes no sense") as caught:
        make()
    assert "or more" in str(caught.value.hint)


# -- bytes


@pytest.mark.parametrize(
    ("fault", "lines"),
    [
        (Garbage(b"\xff"), [b"\xffz\r", b"\xffV1013\r"]),
        (Garbage(b"\xff", "after"), [b"z\r\xff", b"V1013\r\xff"]),
        (Garbage(b"\xff", every=2), [b"z\r", b"\xffV1013\r"]),
    ],
)
def test_garbage_comes_with_lines(fault, lines):
    active = faulty(fault)
    assert [active.outgoing(b"z\r"), active.outgoing(b"V1013\r")] == lines


def test_garbage_inside_a_line_is_neither_before_nor_behind_it():
    active = faulty(Garbage(b"#", "inside"))
    for _ in range(50):
        line = active.outgoing(b"V1013\r")
        assert line.replace(b"#", b"") == b"V1013\r"
        assert 0 < line.index(b"#") < 6


def test_noise_is_repeatable_and_ends_no_line():
    noises = [[faulty(Garbage(seed=3)).outgoing(b"") for _ in range(1)] for _ in range(2)]
    assert noises[0] == noises[1]
    active = faulty(Garbage(seed=4))
    noise = [active.outgoing(b"") for _ in range(500)]
    assert {len(data) for data in noise} == {1, 2, 3, 4}
    assert not {0x0D, 0x07} & set(b"".join(noise))


def test_garbage_and_lost_answers_begin_anew_when_they_are_set_again():
    noise = Garbage(seed=5, every=2)
    active = faulty(noise, LoseAnswers(2))
    first = [active.outgoing(b"z\r") for _ in range(5)]
    assert active.intercept(b"V", lambda line: b"1") == b"1"
    active.clear((Fault,))
    active.add([noise, LoseAnswers(2)])
    assert [active.outgoing(b"z\r") for _ in range(5)] == first
    assert active.intercept(b"V", lambda line: b"1") == b"1"


# -- the buffer


def test_what_does_not_fit_is_lost_as_a_whole():
    box = Outbox(10, faulty())
    assert box.put(b"12345678")
    assert not box.put(b"123")
    assert box.put(b"12")
    assert (box.size, box.overflowed, box.peek(0)) == (10, 1, b"1234567812")
    box.took(9, 0)
    assert (box.size, box.peek(0)) == (1, b"2")
    assert box.put(b"abc")
    assert box.clear() == 4
    assert (box.size, box.peek(0), box.due_ns()) == (0, b"", None)


def test_what_waits_behind_a_slow_answer_waits():
    box = Outbox(100, faulty())
    box.put(b"frame\r")
    box.put(b"answer\r", 50 * MS)
    box.put(b"later\r")
    assert box.peek(0) == b"frame\r"
    box.took(6, 0)
    assert (box.peek(49 * MS), box.due_ns()) == (b"", 50 * MS)
    assert box.peek(50 * MS) == b"answer\rlater\r"


def test_pieces_go_one_by_one_with_gaps():
    box = Outbox(100, faulty(Split(2, gap=0.005)))
    box.put(b"abc\r")
    box.put(b"d\r")
    pieces, now = [], 0
    while (due := box.due_ns()) is not None:
        assert not box.peek(due - 1) or due == 0
        now = due
        pieces.append(box.peek(now))
        box.took(len(pieces[-1]), now)
    assert pieces == [b"ab", b"c\r", b"d\r"]
    assert now == 10 * MS


@pytest.mark.parametrize("rate", [50, 960, 100_000])
def test_a_rate_is_kept(rate):
    box = Outbox(10_000, faulty(Slow(bytes_per_second=rate)))
    box.put(bytes(1000))
    now = 0
    while (due := box.due_ns()) is not None:
        now = due
        box.took(len(box.peek(now)), now)
    # The last piece is gone when the line is free again.
    assert box._free_ns == pytest.approx(1000 / rate * 10**9, rel=1e-3)


def test_pulling_the_cable_waits_for_the_host_as_long_as_that_makes_sense():
    assert not Parting(0).is_over(0, 0)
    assert Parting(0).is_over(0, 200 * MS)
    reader = Parting(0)
    assert not reader.is_over(3, 1 * MS)
    assert reader.is_over(0, 2 * MS)
    sleeper = Parting(0)
    assert not sleeper.is_over(3, 999 * MS)
    assert sleeper.is_over(3, 1000 * MS)


# -- text


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("lose-answers", LoseAnswers(1)),
        ("lose-answers:3", LoseAnswers(3)),
        ("garbage", Garbage()),
        ("garbage:inside", Garbage(where="inside")),
        ("garbage:FF00", Garbage(b"\xff\x00")),
        ("split", Split(1)),
        ("split:4", Split(4)),
        ("slow:960", Slow(bytes_per_second=960.0)),
        ("delay:0.5", Slow(delay=0.5)),
        ("unplug-after:12", UnplugAfter(12)),
    ],
)
def test_faults_have_names(text, fault):
    assert parse_fault(text) == fault


def test_faults_of_commands_have_names():
    assert parse_fault("silent") == Silent()
    assert parse_fault("refuse:S,O") == Refuse("S", "O")
    assert parse_fault("first-only") == FirstOnly()
    assert parse_fault("echo") == Echo()
    assert parse_fault("no-ack") == NoAck()
    assert repr(Silent("V")) == "Silent(commands=('V',))"


@pytest.mark.parametrize(
    "text", ["nope", "", "split:x", "split:0", "slow", "slow:-1", "slow:nan", "garbage:q"]
)
def test_a_name_that_makes_no_sense_is_refused_with_a_hint(text):
    with pytest.raises(CanConfigError) as caught:
        parse_fault(text)
    assert caught.value.hint


def test_every_fault_has_a_name_but_those_that_need_bytes():
    values = {"slow": ":1", "delay": ":1", "unplug-after": ":1"}
    kinds = {type(parse_fault(name + values.get(name, ""))) for name in FAULTS}
    every = {value for value in vars(slcan).values() if isinstance(value, type)}
    assert kinds == {kind for kind in every if issubclass(kind, Fault)} - {Fault, Say}
