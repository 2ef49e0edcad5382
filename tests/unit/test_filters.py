"""filters: what a user may give, and a matcher that means what the kernel means."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.errors import CanConfigError
from canbus.filters import CanFilter, matcher, normalise, superset
from canbus.message import Message

EFF, RTR = 0x80000000, 0x40000000


# -- what a user gives --------------------------------------------------------------------


def test_a_dictionary_of_python_can_becomes_a_filter() -> None:
    given_filters: list[Any] = [
        {"can_id": 0x123, "can_mask": 0x7FF},
        {"can_id": 0x123, "can_mask": 0x7FF, "extended": False},
        CanFilter(5, 7, inverted=True),
    ]
    assert normalise(given_filters) == (
        CanFilter(0x123, 0x7FF),
        CanFilter(0x123, 0x7FF, extended=False),
        CanFilter(5, 7, inverted=True),
    )


@pytest.mark.parametrize("everything", [None, [], (), iter(())])
def test_none_and_nothing_given_mean_everything(everything: Any) -> None:
    assert normalise(everything) is None


@pytest.mark.parametrize(
    "duplicate",
    [
        lambda filters: filters,
        copy.copy,
        copy.deepcopy,
        lambda filters: pickle.loads(pickle.dumps(filters)),
        normalise,
    ],
)
def test_nothing_stays_nothing(duplicate: Any) -> None:
    nothing = normalise(duplicate(CanFilter.nothing()))
    assert nothing is not None
    assert len(nothing) == 0
    assert repr(nothing) == "CanFilter.nothing()"


MALFORMED: list[tuple[Any, str]] = [
    ({"can_id": 1, "can_mask": 1}, "sequence"),
    (CanFilter(1, 1), "sequence"),
    ([{"can_id": 1}], "missing"),
    ([{"can_mask": 1}], "missing"),
    ([{"can_id": 1, "can_mask": 1, "extendet": True}], "extendet"),
    ([{"can_id": -1, "can_mask": 1}], "can_id must be"),
    ([{"can_id": 1, "can_mask": -1}], "can_mask must be"),
    ([{"can_id": "1", "can_mask": 1}], "can_id must be"),
    ([{"can_id": 1.0, "can_mask": 1}], "can_id must be"),
    ([{"can_id": True, "can_mask": 1}], "can_id must be"),
    ([{"can_id": None, "can_mask": 1}], "can_id must be"),
    ([{"can_id": 0x20000000, "can_mask": 1}], "29"),
    ([{"can_id": 0x80000123, "can_mask": 1}], "29"),
    ([{"can_id": 1, "can_mask": 0x80000000}], "29"),
    ([{"can_id": 0x800, "can_mask": 0xFFF, "extended": False}], "11 bits"),
    ([(1, 1)], "not a filter"),
    (["123:7FF"], "not a filter"),
    ("123:7FF", "not a filter"),
    ([None], "not a filter"),
]


@pytest.mark.parametrize(("filters", "why"), MALFORMED)
def test_filters_that_make_no_sense_are_refused_with_the_reason(filters: Any, why: str) -> None:
    with pytest.raises(CanConfigError, match=why):
        normalise(filters)


@pytest.mark.parametrize("filters", [5, object(), True])
def test_what_is_no_sequence_is_a_configuration_error(filters: Any) -> None:
    with pytest.raises(CanConfigError):
        normalise(filters)


@pytest.mark.parametrize("key", ["extended", "inverted", "remote"])
def test_a_choice_that_is_not_true_or_false_is_refused(key: str) -> None:
    with pytest.raises(CanConfigError, match=key):
        normalise([{"can_id": 1, "can_mask": 1, key: "no"}])


def test_a_mask_that_hides_the_upper_bits_makes_a_long_id_fit() -> None:
    assert normalise([CanFilter(0x1234, 0x7FF, extended=False)]) is not None


# -- what the kernel is told --------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (CanFilter(0x123, 0x7FF), (0x123, 0x7FF)),
        (CanFilter(0x123, 0x0F0), (0x020, 0x0F0)),
        (CanFilter(0x123, 0x7FF, extended=False), (0x123, 0x7FF | EFF)),
        (CanFilter(0x123, 0x1FFFFFFF, extended=False), (0x123, 0x7FF | EFF)),
        (CanFilter(0x123, 0x1FFFFFFF, extended=True), (0x123 | EFF, 0x1FFFFFFF | EFF)),
        (CanFilter(0x123, 0x7FF, remote=True), (0x123 | RTR, 0x7FF | RTR)),
        (CanFilter(0x123, 0x7FF, remote=False), (0x123, 0x7FF | RTR)),
        (CanFilter(0x123, 0x7FF, inverted=True), (0x123 | 0x20000000, 0x7FF)),
        (CanFilter(0, 0), (0, 0)),
    ],
)
def test_a_filter_has_the_kernels_two_words(entry: CanFilter, words: tuple[int, int]) -> None:
    assert entry.words() == words


# -- matching -----------------------------------------------------------------------------


def _frame(text: str) -> Message:
    return Message.parse(text)


MATCHING = [
    ([CanFilter(0x123, 0x7FF)], ["123#", "00000123#", "123#R", "00000923#"], ["124#"]),
    ([CanFilter(0x123, 0x1FFFFFFF)], ["123#", "00000123#"], ["00000923#", "122#"]),
    ([CanFilter(0x123, 0x7FF, extended=False)], ["123#", "123#R"], ["00000123#", "124#"]),
    ([CanFilter(0x123, 0x1FFFFFFF, extended=True)], ["00000123#", "00000123#R"], ["123#"]),
    ([CanFilter(0x120, 0x7F0)], ["120#", "12F#"], ["130#", "020#"]),
    ([CanFilter(0, 0)], ["000#", "1FFFFFFF#", "123#R", "123##0"], []),
    ([CanFilter(0x123, 0x7FF, remote=True)], ["123#R", "00000123#R4"], ["123#"]),
    ([CanFilter(0x123, 0x7FF, remote=False)], ["123#", "123##0"], ["123#R"]),
    ([CanFilter(0x123, 0x7FF, inverted=True)], ["124#", "00000124#"], ["123#", "00000123#"]),
    (
        [CanFilter(0x123, 0x7FF, extended=False, inverted=True)],
        ["124#", "00000123#"],
        ["123#", "123#R"],
    ),
    (
        [CanFilter(0x100, 0x7FF, extended=False), CanFilter(0x200, 0x7FF, extended=False)],
        ["100#", "200#"],
        ["300#", "00000100#"],
    ),
    (  # OR-ed: each passes what the other refuses, so together everything
        [CanFilter(0x100, 0x7FF, inverted=True), CanFilter(0x200, 0x7FF, inverted=True)],
        ["100#", "200#", "300#"],
        [],
    ),
    (CanFilter.nothing(), [], ["000#", "123#", "1FFFFFFF#R"]),
]


@pytest.mark.parametrize(("filters", "passing", "refused"), MATCHING)
def test_a_frame_passes_if_any_filter_matches(
    filters: Sequence[CanFilter], passing: list[str], refused: list[str]
) -> None:
    passes = matcher(filters)
    assert passes is not None
    assert [text for text in passing if not passes(_frame(text))] == []
    assert [text for text in refused if passes(_frame(text))] == []


@pytest.mark.parametrize("filters", [CanFilter.nothing(), [CanFilter(0x123, 0x7FF)]])
def test_error_frames_pass_every_filter(filters: Sequence[CanFilter]) -> None:
    passes = matcher(filters)
    assert passes is not None
    assert passes(_frame("20000004#0000000000000000"))


def test_no_filters_need_no_matcher() -> None:
    assert matcher(None) is None


# -- the kernel's rules, written down a second time and as simply as possible ---------------


def _kernel_passes(entry: CanFilter, msg: Message) -> bool:
    """can_rcv_list_find() and can_rcv_filter() of net/can/af_can.c for one subscription."""
    can_id = entry.can_id | (EFF if entry.extended else 0) | (RTR if entry.remote else 0)
    mask = entry.can_mask
    mask |= EFF if entry.extended is not None else 0
    mask |= RTR if entry.remote is not None else 0
    if mask & EFF and not can_id & EFF:  # clear bits that a standard id does not have
        mask &= 0x7FF | EFF | RTR
    can_id &= mask
    word = msg.arbitration_id | (EFF if msg.is_extended_id else 0)
    word |= RTR if msg.is_remote_frame else 0
    if entry.inverted:
        return word & mask != can_id
    return word & mask == can_id


_IDS = st.one_of(st.integers(0, 0x1FFFFFFF), st.sampled_from([0, 0x123, 0x7FF, 0x800]))
_MASKS = st.one_of(_IDS, st.sampled_from([0x7FF, 0x1FFFFFFF]))
_CHOICE = st.sampled_from([None, True, False])
_FILTERS = st.builds(CanFilter, _IDS, _MASKS, _CHOICE, st.booleans(), _CHOICE)


@st.composite
def _messages(draw: st.DrawFn) -> Message:
    extended = draw(st.booleans())
    return Message(
        arbitration_id=draw(_IDS) & (0x1FFFFFFF if extended else 0x7FF),
        is_extended_id=extended,
        is_remote_frame=draw(st.booleans()),
    )


@st.composite
def _near_messages(draw: st.DrawFn) -> tuple[list[CanFilter], Message]:
    """Filters, and a frame that is likely to match one of them."""
    filters = draw(st.lists(_FILTERS, min_size=1, max_size=6))
    msg = draw(_messages())
    if draw(st.booleans()):
        msg.arbitration_id = draw(st.sampled_from(filters)).can_id
        msg.arbitration_id &= 0x1FFFFFFF if msg.is_extended_id else 0x7FF
    return filters, msg


@given(_near_messages())
def test_the_matcher_agrees_with_the_kernels_rules(case: tuple[list[CanFilter], Message]) -> None:
    filters, msg = case
    passes = matcher(filters)
    assert passes is not None
    assert passes(msg) == any(_kernel_passes(entry, msg) for entry in filters)


@given(_near_messages())
def test_a_superset_passes_at_least_what_each_filter_passes(
    case: tuple[list[CanFilter], Message],
) -> None:
    filters, msg = case
    if any(_kernel_passes(entry, msg) for entry in filters):
        assert _kernel_passes(superset(filters), msg)


def test_a_superset_of_one_filter_is_that_filter() -> None:
    entry = CanFilter(0x123, 0x7FF, extended=False, remote=True)
    assert superset([entry]) == entry


def test_a_superset_of_neighbours_is_not_everything() -> None:
    both = superset([CanFilter(0x120, 0x7FF, extended=False), CanFilter(0x121, 0x7FF, False)])
    assert both == CanFilter(0x120, 0x7FE, extended=False)
