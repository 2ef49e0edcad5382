"""Every macro of <linux/can/error.h> against our tables: the golden copy, and the header here."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from canbus.codecs.error_frame import CAN_ERR_DLC, decode_error
from canbus.error_flags import (
    ControllerProblem,
    ErrorClass,
    ProtocolLocation,
    ProtocolViolation,
    TransceiverStatus,
)
from canbus.error_frame import ErrorFrame
from canbus.error_words import CLASSES, CONTROLLER, LOCATIONS, TRANSCEIVER, VIOLATIONS
from tests import golden
from tests.golden import compilers

MACROS = {
    name: int.from_bytes(value, "big") for name, value in golden.read("error_macros.txt").items()
}

OURS: dict[str, Any] = {
    "CAN_ERR_TX_TIMEOUT": ErrorClass.TX_TIMEOUT,
    "CAN_ERR_LOSTARB": ErrorClass.LOST_ARBITRATION,
    "CAN_ERR_CRTL": ErrorClass.CONTROLLER,
    "CAN_ERR_PROT": ErrorClass.PROTOCOL,
    "CAN_ERR_TRX": ErrorClass.TRANSCEIVER,
    "CAN_ERR_ACK": ErrorClass.NO_ACK,
    "CAN_ERR_BUSOFF": ErrorClass.BUS_OFF,
    "CAN_ERR_BUSERROR": ErrorClass.BUS_ERROR,
    "CAN_ERR_RESTARTED": ErrorClass.RESTARTED,
    "CAN_ERR_CNT": ErrorClass.COUNTERS,
    **{f"CAN_ERR_CRTL_{one.name}": one for one in ControllerProblem},
    **{f"CAN_ERR_PROT_{one.name}": one for one in ProtocolViolation},
    **{f"CAN_ERR_PROT_LOC_{one.name}": one for one in ProtocolLocation},
    **{f"CAN_ERR_TRX_{one.name}": one for one in TransceiverStatus},
}

# Macros that are no bit and no code: absence, sizes, limits.
OTHERS = {
    "CAN_ERR_LOSTARB_UNSPEC": 0,
    "CAN_ERR_CRTL_UNSPEC": 0,
    "CAN_ERR_PROT_UNSPEC": 0,
    "CAN_ERR_DLC": CAN_ERR_DLC,
    "CAN_ERROR_WARNING_THRESHOLD": 96,
    "CAN_ERROR_PASSIVE_THRESHOLD": 128,
    "CAN_BUS_OFF_THRESHOLD": 256,
}

WORDS: dict[Any, Mapping[Any, str]] = {
    ErrorClass: CLASSES,
    ControllerProblem: CONTROLLER,
    ProtocolViolation: VIOLATIONS,
    ProtocolLocation: LOCATIONS,
    TransceiverStatus: TRANSCEIVER,
}


def test_our_tables_are_the_golden_macros_value_for_value() -> None:
    assert {name: one.value for name, one in OURS.items()} | OTHERS == MACROS


def test_every_value_has_words_of_its_own() -> None:
    for kind, words in WORDS.items():
        assert list(words) == list(kind)
        assert len(set(words.values())) == len(words)


def frame_of(one: Any) -> ErrorFrame:
    """The error frame in which nothing but this value is set."""
    classes, data = 0, bytearray(8)
    if isinstance(one, ErrorClass):
        classes = one.value
    else:
        at = {ControllerProblem: 1, ProtocolViolation: 2, ProtocolLocation: 3}.get(type(one), 4)
        classes = {1: 0x4, 2: 0x8, 3: 0x8, 4: 0x10}[at]
        data[at] = one.value
    return decode_error(classes, bytes(data))


@pytest.mark.parametrize("name", OURS)
def test_a_frame_with_just_that_value_is_named_by_it(name: str) -> None:
    one = OURS[name]
    error = frame_of(one)
    assert one in {
        error.classes,
        error.controller,
        error.protocol,
        error.location,
        error.canh,
        error.canl,
    }
    assert WORDS[type(one)][one] in str(error)
    assert error.unknown == ()


@pytest.mark.parametrize("bit", [1 << n for n in range(10, 29)])
def test_a_class_bit_that_the_header_lacks_is_kept_and_shown(bit: int) -> None:
    error = decode_error(bit, bytes(8))
    assert error.classes == bit
    assert error.unknown == (f"class {bit:#x}",)
    assert f"{bit:#x}" in str(error)


HEADER = Path("/usr/include/linux/can/error.h")


def defined_in_the_header() -> list[str]:
    compilers.native()
    return re.findall(r"^#define (CAN_\w+) +\S", HEADER.read_text(), re.MULTILINE)


def test_the_header_of_this_machine_has_no_macro_that_we_do_not_know() -> None:
    assert set(defined_in_the_header()) <= set(MACROS)


def test_the_compiler_gives_every_macro_of_this_machines_header_the_golden_value(
    tmp_path: Path,
) -> None:
    names = defined_in_the_header()
    assert len(names) > 50
    lines = "\n".join(f'printf("{name} %u\\n", (unsigned){name});' for name in names)
    source = tmp_path / "macros.c"
    source.write_text(
        f"#include <linux/can/error.h>\n#include <stdio.h>\nint main(void) {{ {lines} return 0; }}"
    )
    values = dict(line.split() for line in compilers.printed(source, tmp_path).splitlines())
    assert values == {name: str(MACROS[name]) for name in names}


@pytest.mark.timeout(600)  # they may have to be installed
def test_the_headers_of_the_cross_compilers_have_no_further_macro() -> None:
    for name in ("i686", "armhf", "arm64"):
        command = [compilers.cross(name), "-E", "-dM", "-x", "c", "-"]
        text = subprocess.run(
            command,
            input="#include <linux/can/error.h>",
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        assert set(re.findall(r"#define (CAN_\w+) ", text)) <= set(MACROS)
