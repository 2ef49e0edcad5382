"""`can.broadcastmanager`: the classes of cyclic tasks, for isinstance()."""

from __future__ import annotations

from canbus.cyclic_thread import ThreadBasedCyclicSendTask
from canbus.periodic import (
    CyclicSendTaskABC,
    LimitedDurationCyclicSendTaskABC,
    ModifiableCyclicTaskABC,
    RestartableCyclicTaskABC,
)

CyclicTask = CyclicSendTaskABC

__all__ = [
    "CyclicSendTaskABC",
    "CyclicTask",
    "LimitedDurationCyclicSendTaskABC",
    "ModifiableCyclicTaskABC",
    "RestartableCyclicTaskABC",
    "ThreadBasedCyclicSendTask",
]
