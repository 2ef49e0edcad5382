"""ControllerStatus: what the kernel knows of a controller and its link. A value only."""

from typing import NamedTuple

from canbus.state import CanState


class ControllerStatus(NamedTuple):
    """One look at a CAN interface. None means that the driver, or the kind of link, does not say.

    Counts run from the creation of the interface (unplugging an adapter starts them anew) and
    wrap at 2**32; those of frames at 2**64. They are named as in the kernel.

    Attributes:
        is_up: the link is up (`ip link set up`), whatever the state of the controller.
        state: the controller's state; None for a link without a controller (vcan).
        tx_errors: the controller's transmit error counter now; None also where the driver
            cannot read it.
        rx_errors: the controller's receive error counter now.
        restart_ms: milliseconds from bus-off to the automatic restart; 0 for never.
        bus_errors: errors on the wire, where the driver reports them one by one.
        error_warning: changes to the state error-warning.
        error_passive: changes to the state error-passive.
        bus_off: changes to bus-off.
        arbitration_lost: lost arbitrations.
        restarts: restarts of the controller after bus-off.
        rx_dropped: received frames that the system dropped before any socket saw them.
        rx_over_errors: received frames that the controller or adapter had no room for.
        tx_dropped: frames handed to the link and dropped instead of sent.
    """

    is_up: bool
    state: CanState | None = None
    tx_errors: int | None = None
    rx_errors: int | None = None
    restart_ms: int | None = None
    bus_errors: int | None = None
    error_warning: int | None = None
    error_passive: int | None = None
    bus_off: int | None = None
    arbitration_lost: int | None = None
    restarts: int | None = None
    rx_dropped: int | None = None
    rx_over_errors: int | None = None
    tx_dropped: int | None = None
