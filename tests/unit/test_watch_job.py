"""What a watch can be asked for: every check with its error, and what is made of the rest."""

from __future__ import annotations

from typing import Any

import pytest

import canbus as can
from canbus.errors import CanConfigError
from canbus.watch_job import MAX_PAGES, WatchJob, make_job

MS = 10**6


def job(arbitration_id: Any = 0x123, **given: Any) -> WatchJob:
    """What `BusABC.watch` makes of its arguments."""
    asked: dict[str, Any] = {
        "is_extended_id": False,
        "is_fd": False,
        "period": None,
        "missing_after": 3.0,
        "mask": None,
        "multiplex": None,
        "multiplex_mask": b"\xff",
        "throttle": None,
        "channel": None,
    }
    assert asked.keys() >= given.keys()
    return make_job(arbitration_id, **{**asked, **given})


REFUSED: list[tuple[dict[str, Any], str, str | None]] = [
    ({"arbitration_id": -1}, "arbitration_id", None),
    ({"arbitration_id": 0x800}, "arbitration_id", "is_extended_id=True"),
    ({"arbitration_id": 0x20000000, "is_extended_id": True}, "arbitration_id", None),
    ({"period": 0}, "period 0", "seconds"),
    ({"period": -1}, "period -1", "seconds"),
    ({"period": float("nan")}, "period nan", "seconds"),
    ({"period": float("inf")}, "period inf", "seconds"),
    ({"period": 1e-7}, "shorter than a microsecond", "seconds"),
    ({"period": 1, "missing_after": 0.5}, "missing_after=0.5", "1 or more"),
    ({"period": 1, "missing_after": float("inf")}, "missing_after=inf", "1 or more"),
    ({"period": 1, "missing_after": float("nan")}, "missing_after=nan", "1 or more"),
    ({"throttle": 0}, "throttle 0", "seconds"),
    ({"throttle": -1}, "throttle -1", "seconds"),
    ({"period": 0.1, "throttle": 0.3}, "throttle=0.3", "shorter throttle"),
    ({"period": 0.1, "throttle": 1}, r"throttle=1 s .* 0\.3 s", "shorter throttle"),
    ({"period": 0.1, "missing_after": 1, "throttle": 0.2}, "throttle=0.2", "missing_after"),
    ({"mask": bytes(9)}, "mask has 9 bytes", "is_fd=True"),
    ({"mask": bytes(65), "is_fd": True}, "mask has 65 bytes", None),
    ({"mask": "ff"}, "mask must be bytes, not 'ff'", 'b"'),
    ({"mask": 255}, "mask must be bytes, not 255", 'b"'),
    ({"mask": b"\1", "multiplex": {b"\1": b"\1"}}, "exclude each other", "one of them"),
    ({"multiplex": {}}, "0 pages", "1 to 256"),
    (
        {"multiplex": {b"\0": b""}, "multiplex_mask": b""},
        "no bits",
        "e.g.",
    ),
    ({"multiplex": {b"\0": b""}, "multiplex_mask": bytes(8)}, "no bits", "e.g."),
    ({"multiplex": {b"\0": b""}, "multiplex_mask": bytes(9)}, "9 bytes", "is_fd=True"),
    ({"multiplex": {b"\0": b""}, "multiplex_mask": "f"}, "multiplex_mask must be bytes", 'b"'),
    ({"multiplex": {b"\x10": b""}, "multiplex_mask": b"\x0f"}, "page 10 has bits", "the value"),
    ({"multiplex": {b"\0\1": b""}}, "page 0001 has bits that multiplex_mask ff", "the value"),
    ({"multiplex": {b"\1": b"", b"\1\0": b""}}, "is there twice", None),
    ({"multiplex": {bytes(9): b""}}, "multiplex value has 9 bytes", "is_fd=True"),
    ({"multiplex": {b"\1": bytes(9)}}, "multiplex mask has 9 bytes", "is_fd=True"),
    ({"multiplex": {b"\1": None}}, "multiplex mask must be bytes", 'b"'),
    (
        {"is_fd": True, "multiplex": {bytes(8): b""}, "multiplex_mask": bytes(8) + b"\xff"},
        "beyond byte 7",
        "first 8 bytes",
    ),
    (
        {"is_fd": True, "multiplex": {b"\0": b""}, "multiplex_mask": b"\xff" * 9},
        "beyond byte 7",
        "first 8 bytes",
    ),
]


@pytest.mark.parametrize(("asked", "text", "hint"), REFUSED)
def test_what_makes_no_sense_is_refused_by_name(
    asked: dict[str, Any], text: str, hint: str | None
) -> None:
    with pytest.raises(CanConfigError, match=text) as refused:
        job(**asked)
    assert isinstance(refused.value, ValueError)
    assert (hint or "") in (refused.value.hint or "")
    assert hint is None or refused.value.hint


def test_more_pages_than_the_kernel_takes_are_refused() -> None:
    pages = {n.to_bytes(2, "big"): b"" for n in range(MAX_PAGES + 1)}
    with pytest.raises(CanConfigError, match="257 pages"):
        job(multiplex=pages, multiplex_mask=b"\xff\xff")
    del pages[b"\0\0"]
    made = job(multiplex=pages, multiplex_mask=b"\xff\xff")
    assert len(made.masks) == 1 + MAX_PAGES


def test_without_a_period_all_bits_and_the_length_are_looked_at() -> None:
    made = job()
    assert (made.masks, made.check_length, made.timeout_ns) == ((b"\xff" * 8,), True, 0)
    made = job(is_fd=True)
    assert (made.masks, made.check_length) == ((b"\xff" * 64,), True)


def test_with_a_period_no_bits_are_looked_at() -> None:
    made = job(period=0.1)
    assert (made.masks, made.check_length, made.timeout_ns) == ((bytes(8),), False, 300 * MS)


def test_a_mask_is_what_is_looked_at_and_ends_in_zeros() -> None:
    assert job(mask=b"\x0f\xf0").masks == (b"\x0f\xf0" + bytes(6),)
    assert job(mask=bytearray(b"\1"), is_fd=True).masks == (b"\1" + bytes(63),)
    assert job(mask=b"").masks == (bytes(8),)
    made = job(mask=b"\1", period=0.1)
    assert (made.masks, made.check_length) == ((b"\1" + bytes(7),), False)


@pytest.mark.parametrize(
    ("period", "missing_after", "timeout_ns"),
    [(0.1, 3, 300 * MS), (0.1, 1, 100 * MS), (0.01, 2.5, 25 * MS), (1e-6, 1, 1000)],
)
def test_it_is_missing_after_so_many_periods(
    period: float, missing_after: float, timeout_ns: int
) -> None:
    assert job(period=period, missing_after=missing_after).timeout_ns == timeout_ns


def test_missing_after_means_nothing_without_a_period() -> None:
    assert job(missing_after=5).timeout_ns == 0


def test_a_throttle_may_be_as_long_as_nothing_goes_missing() -> None:
    assert job(throttle=100).throttle_ns == 100_000 * MS
    assert job(throttle=0.299, period=0.1).throttle_ns == 299 * MS


def test_pages_carry_their_value_where_the_multiplexer_is_and_their_bits_elsewhere() -> None:
    made = job(multiplex={b"\1": b"\0\xff", b"\2": b"\xff\0\x0f"})
    assert made.masks == (
        b"\xff" + bytes(7),
        b"\1\xff" + bytes(6),
        b"\2\0\x0f" + bytes(5),
    )
    assert not made.check_length


def test_a_multiplexer_may_be_any_bits_of_the_first_eight_bytes() -> None:
    made = job(multiplex={bytes(7) + b"\x30": b"\1"}, multiplex_mask=bytes(7) + b"\xf0", is_fd=True)
    assert made.masks == (bytes(7) + b"\xf0" + bytes(56), b"\1" + bytes(6) + b"\x30" + bytes(56))


@pytest.mark.parametrize(
    ("asked", "shown"),
    [((0x12, False), "012"), ((0x7FF, False), "7FF"), ((0x12, True), "00000012")],
)
def test_the_frame_is_shown_as_people_write_it(asked: tuple[int, bool], shown: str) -> None:
    assert job(asked[0], is_extended_id=asked[1]).shown == shown


def test_a_bus_that_cannot_watch_checks_first_and_then_refuses_by_name() -> None:
    with can.Bus("nobody watches", interface="virtual") as bus:
        with pytest.raises(CanConfigError, match="mask"):
            bus.watch(0x123, mask=bytes(9))
        with pytest.raises(can.CanUnsupportedError, match=r"nobody watches.* cannot watch") as info:
            bus.watch(0x123)
        assert info.value.hint
        with pytest.raises(can.CanUnsupportedError, match="cannot answer remote frames") as info:
            bus.reply_to_remote(can.Message(arbitration_id=1))
        assert info.value.hint
        for wrong in ({"is_remote_frame": True}, {"data": bytes(9)}):
            with pytest.raises(can.CanMessageError):
                bus.reply_to_remote(can.Message(arbitration_id=1, **wrong))
    with pytest.raises(can.CanClosedError):
        bus.watch(0x123)
    with pytest.raises(can.CanClosedError):
        bus.reply_to_remote(can.Message(arbitration_id=1))
