"""The status of a link that has no controller, on a real kernel; see also tests/hardware."""

from __future__ import annotations

import pytest

from canbus import links
from canbus.backends.socketcan.link_state import read_can_state, read_controller_status


def test_a_vcan_says_only_whether_it_is_up_and_what_it_lost(vcan):
    status = read_controller_status(vcan)
    assert status.is_up
    drops = (status.rx_dropped, status.rx_over_errors, status.tx_dropped)
    assert drops == (0, 0, 0)
    assert set(status[1:-3]) == {None}
    assert read_can_state(vcan) is None

    links.set_down(vcan)

    assert read_controller_status(vcan) == status._replace(is_up=False)


def test_an_interface_that_is_not_there_is_an_oserror():
    with pytest.raises(OSError, match="no interface nosuchcan"):
        read_controller_status("nosuchcan")
