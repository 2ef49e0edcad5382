"""state: the kernel's numbers and python-can's words."""

from __future__ import annotations

import pytest

from canbus.state import BusState, BusStatistics, CanState, bus_state


def test_the_six_states_have_the_kernels_numbers() -> None:
    names = ["ERROR_ACTIVE", "ERROR_WARNING", "ERROR_PASSIVE", "BUS_OFF", "STOPPED", "SLEEPING"]
    assert [(s.name, s.value) for s in CanState] == [(n, i) for i, n in enumerate(names)]


@pytest.mark.parametrize(
    ("can_state", "expected"),
    [
        (None, BusState.ACTIVE),
        (CanState.ERROR_ACTIVE, BusState.ACTIVE),
        (CanState.ERROR_WARNING, BusState.ACTIVE),
        (CanState.ERROR_PASSIVE, BusState.PASSIVE),
        (CanState.BUS_OFF, BusState.ERROR),
        (CanState.STOPPED, BusState.ERROR),
        (CanState.SLEEPING, BusState.ERROR),
    ],
)
def test_a_controller_state_has_a_name_in_python_can(
    can_state: CanState | None, expected: BusState
) -> None:
    assert bus_state(can_state) is expected


def test_statistics_tell_unknown_from_zero() -> None:
    assert BusStatistics().rx_dropped is None
    assert (
        repr(BusStatistics(rx_dropped=3)) == "BusStatistics(rx_dropped=3, rx_malformed=0, "
        "tx_expired=0, tx_late=0, tx_refused=0, tx_unanswered=0)"
    )
