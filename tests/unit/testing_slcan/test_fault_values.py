"""Faults that go to another process and are there what they were here."""

from __future__ import annotations

import json

import pytest

import canbus as can
from canbus.testing.slcan import (
    Echo,
    FirstOnly,
    Garbage,
    LoseAnswers,
    NoAck,
    Refuse,
    Say,
    Silent,
    Slow,
    Split,
    UnplugAfter,
)
from canbus.testing.slcan.fault_values import KINDS, pack_fault, unpack_fault

FAULTS = [
    Echo(),
    FirstOnly(),
    Garbage(),
    Garbage(b"\xff\r", "inside", 3, 7),
    LoseAnswers(2),
    NoAck(),
    Refuse("S", "O"),
    Say("V", b"V\xe4\r"),
    Silent(),
    Slow(960.5, 0.25),
    Split(3, 0.5),
    UnplugAfter(0),
]


@pytest.mark.parametrize("fault", FAULTS, ids=repr)
def test_there_and_back(fault):
    back = unpack_fault(json.loads(json.dumps(pack_fault(fault))))
    assert back == fault
    assert type(back) is type(fault)


def test_every_fault_can_travel():
    assert {type(fault) for fault in FAULTS} == set(KINDS.values())


@pytest.mark.parametrize(
    ("packed", "complaint"),
    [
        ({"fault": "Gone"}, "no fault 'Gone'"),
        ({}, "no fault None"),
        ({"fault": "Split", "width": 3}, "width"),
        ({"fault": "Silent", "width": 3}, "width"),
        ({"fault": "Split", "size": 0}, "makes no sense"),
    ],
)
def test_what_is_no_fault(packed, complaint):
    with pytest.raises(can.CanConfigError, match=complaint):
        unpack_fault(packed)
