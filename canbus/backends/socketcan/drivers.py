"""What a driver's echo of a sent frame proves. Facts only.

A driver gives a sent frame back to the network layer at some point (`can_get_echo_skb` of
drivers/net/can/dev/skb.c). Drivers of plain controllers do it in the interrupt that says that
the frame was sent; USB adapters when their firmware reports it, or as soon as the USB transfer
is over, which proves nothing about the wire. Only drivers known to be of a kind are listed:
of every other one the least is said.
"""

from canbus.receipt import ConfirmedBy

_CONTROLLERS = (
    "sja1000_isa", "sja1000_platform", "kvaser_pci", "peak_pci", "ems_pci",
    "ems_pcmcia", "peak_pcmcia", "plx_pci", "f81601", "tscan1",  # sja1000.c, TX interrupt
    "mcp251x", "mcp251xfd", "hi311x", "flexcan", "m_can", "m_can_platform", "tcan4x5x",
    "c_can", "c_can_platform", "c_can_pci", "at91_can", "ti_hecc",
    "xilinx_can", "rcar_can", "rcar_canfd", "sun4i_can",
)  # fmt: skip
_FIRMWARE = (
    "gs_usb",  # gs_usb_receive_bulk_callback: the echo_id comes back from the device
    "kvaser_usb",  # kvaser_usb_*_tx_acknowledge
    "esd_usb", "esd_usb2",  # esd_usb_tx_done_msg
    "ucan",  # ucan_tx_complete_msg
    "etas_es58x",  # es58x_can_get_echo_skb on the device's confirmation
)  # fmt: skip

# All others say no more than that they handed it over: peak_usb, ems_usb, usb_8dev and mcba_usb
# echo when the USB transfer is over, slcan when the bytes were written to the line, and vcan
# and vxcan have no wire.
_CONFIRMED_BY = {
    **dict.fromkeys(_CONTROLLERS, ConfirmedBy.BUS),
    **dict.fromkeys(_FIRMWARE, ConfirmedBy.ADAPTER),
}


def confirmed_by(driver: str) -> ConfirmedBy:
    """What the echo of a driver proves; of an unknown one, the least."""
    return _CONFIRMED_BY.get(driver, ConfirmedBy.DRIVER)
