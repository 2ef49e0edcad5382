"""codecs.link_state: answers with golden payloads, and answers that make no sense.

Answers of real kernels: tests/kernel and tests/hardware, test_controller_status.py.
"""

from __future__ import annotations

import contextlib
import struct
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.codecs.link_attributes import IFF_UP, IFLA, IFLA_CAN, IFLA_INFO
from canbus.codecs.link_state import decode_can_state, decode_controller_status
from canbus.codecs.netlink import encode_link_request
from canbus.controller_status import ControllerStatus
from canbus.errors import CanProtocolError
from canbus.state import CanState
from tests import golden
from tests.golden import compilers

GOLDEN = golden.read("controller_stats.txt")
little_endian = pytest.mark.skipif(
    sys.byteorder != "little", reason="the golden bytes are those of a little-endian machine"
)


def attribute(kind: int, payload: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(payload), kind) + payload + bytes(-len(payload) % 4)


def answer(*attributes: bytes, kind: int = 16, flags: int = 0) -> bytes:
    body = struct.pack("=BxHiII", 0, 280, 7, flags, 0) + b"".join(attributes)
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 1, 0) + body


def with_state(state: int) -> bytes:
    data = attribute(1, bytes(32)) + attribute(4, struct.pack("=i", state))
    info = attribute(1, b"can\0") + attribute(2 | 0x8000, data)
    return answer(attribute(3, b"can0\0"), attribute(18, info))


def test_the_question_is_an_rtm_getlink_for_one_index() -> None:
    question = encode_link_request(7)
    assert struct.unpack_from("=IHH", question) == (32, 18, 1)
    assert struct.unpack_from("=i", question, 20) == (7,)


@pytest.mark.parametrize("state", CanState)
def test_the_state_is_found_among_the_attributes(state: CanState) -> None:
    assert decode_can_state(with_state(state)) is state


def test_an_interface_without_controller_has_no_state() -> None:
    assert decode_can_state(answer(attribute(3, b"lo\0"))) is None
    assert decode_can_state(answer(attribute(18, attribute(1, b"vcan\0")))) is None


def test_a_refusal_is_an_oserror_with_its_errno() -> None:
    refusal = struct.pack("=IHHIIi", 36, 2, 0, 1, 0, -19) + bytes(16)
    with pytest.raises(OSError, match="refusal") as caught:
        decode_can_state(refusal)
    assert caught.value.errno == 19


@pytest.mark.parametrize(
    "nonsense",
    [b"", bytes(3), answer(kind=99), answer(b"\x02\0\x12\0"), with_state(6), with_state(4)[:-3]],
)
def test_nonsense_is_a_protocol_error(nonsense: bytes) -> None:
    with pytest.raises(CanProtocolError):
        decode_can_state(nonsense)


@given(st.binary(max_size=200), st.sampled_from([2, 16]))
def test_no_answer_at_all_raises_anything_else(tail: bytes, kind: int) -> None:
    header = struct.pack("=IHHII", 16 + len(tail), kind, 0, 1, 0)
    for decode in (decode_can_state, decode_controller_status):
        with contextlib.suppress(CanProtocolError, OSError):
            decode(header + tail)


# -- the whole status ---------------------------------------------------------------------

LINK_STATS = attribute(23, GOLDEN["link_stats"])


def of_controller(data: bytes, stats: bytes = b"") -> bytes:
    info = attribute(1, b"can\0") + attribute(2, data) + stats
    return attribute(18 | 0x8000, info)


STATE = attribute(4, GOLDEN["state"])
DEVICE_STATS = attribute(3, GOLDEN["device_stats"])
FULL = (
    attribute(3, b"can0\0"),
    LINK_STATS,
    of_controller(
        STATE + attribute(6, GOLDEN["restart_ms"]) + attribute(8, GOLDEN["berr_counter"]),
        DEVICE_STATS,
    ),
)
DROPS: dict[str, Any] = {"rx_dropped": 2**40, "rx_over_errors": 23, "tx_dropped": 22}
COUNTS: dict[str, Any] = {
    "bus_errors": 11,
    "error_warning": 12,
    "error_passive": 13,
    "bus_off": 14,
    "arbitration_lost": 15,
    "restarts": 16,
}
PASSIVE = CanState.ERROR_PASSIVE

TABLE = {
    "a driver that says everything": (
        answer(*FULL, flags=0x10043),
        ControllerStatus(
            True, PASSIVE, tx_errors=0x180, rx_errors=7, restart_ms=100, **COUNTS, **DROPS
        ),
    ),
    "a link that is down": (
        answer(*FULL, flags=0x10002),
        ControllerStatus(
            False, PASSIVE, tx_errors=0x180, rx_errors=7, restart_ms=100, **COUNTS, **DROPS
        ),
    ),
    "a driver without error counters": (
        answer(of_controller(STATE, DEVICE_STATS), flags=1),
        ControllerStatus(True, PASSIVE, **COUNTS),
    ),
    "a newer kernel with longer structures": (
        answer(
            attribute(23, GOLDEN["link_stats"] + bytes(8)),
            of_controller(STATE, attribute(3, GOLDEN["device_stats"] + bytes(4))),
            flags=1,
        ),
        ControllerStatus(True, PASSIVE, **COUNTS, **DROPS),
    ),
    "vcan": (
        answer(LINK_STATS, attribute(18, attribute(1, b"vcan\0")), flags=1),
        ControllerStatus(True, **DROPS),
    ),
    "nothing": (answer(), ControllerStatus(False)),
}


@little_endian
@pytest.mark.parametrize("name", TABLE)
def test_the_status_is_what_the_attributes_say(name: str) -> None:
    encoded, status = TABLE[name]
    assert decode_controller_status(encoded) == status
    assert decode_can_state(encoded) is status.state


@little_endian
def test_bytes_behind_the_answer_mean_nothing() -> None:
    encoded, status = TABLE["a driver that says everything"]
    assert decode_controller_status(encoded + encoded[:7]) == status


@little_endian
@pytest.mark.parametrize("missing", range(1, len(answer(*FULL))))
def test_a_cut_answer_is_a_protocol_error(missing: int) -> None:
    with pytest.raises(CanProtocolError, match="makes no sense"):
        decode_controller_status(answer(*FULL)[:-missing])


@pytest.mark.parametrize(
    "attributes",
    [
        of_controller(attribute(4, b"\0\0\0")),
        of_controller(attribute(4, b"\x09\0\0\0")),
        of_controller(attribute(6, b"\0\0")),
        of_controller(attribute(8, b"\0\0")),
        of_controller(b"", attribute(3, bytes(20))),
        attribute(23, bytes(95)),
    ],
)
def test_a_payload_that_is_too_short_or_unknown_is_a_protocol_error(attributes: bytes) -> None:
    with pytest.raises(CanProtocolError, match="makes no sense"):
        decode_controller_status(answer(attributes))


def test_a_refused_status_is_an_oserror_with_its_errno() -> None:
    refusal = struct.pack("=IHHIIi", 36, 2, 0, 1, 0, -19) + bytes(16)
    with pytest.raises(OSError, match="refusal") as caught:
        decode_controller_status(refusal)
    assert caught.value.errno == 19


@little_endian
def test_the_golden_payloads_are_what_the_c_program_prints(tmp_path: Path) -> None:
    source = golden.HERE / "controller_stats.c"
    assert compilers.printed(source, tmp_path) == source.with_suffix(".txt").read_text()


@little_endian
def test_the_attribute_types_are_the_headers() -> None:
    ours: list[int] = [IFLA.LINKINFO, IFLA.STATS64, IFLA_INFO.DATA, IFLA_INFO.XSTATS]
    ours += [IFLA_CAN.STATE, IFLA_CAN.RESTART_MS, IFLA_CAN.BERR_COUNTER, IFF_UP]
    assert struct.pack("=8H", *ours) == GOLDEN["types"]
