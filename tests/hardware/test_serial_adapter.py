"""The emulated serial adapter on USB under the stock cdc-acm driver, and slcan over it."""

from __future__ import annotations

from pathlib import Path

import canbus as can

CLASSIC = ["123#DEADBEEF", "7FF#", "1F334455#0011223344556677", "00000001#01", "321#R5"]


def texts(messages):
    return [format(msg, "candump") for msg in messages]


def sent_texts(adapter, count):
    return texts(frame.msg for frame in adapter.wait_for_sent(count))


def test_the_stock_driver_binds(serial_adapter):
    device = Path("/sys/class/tty") / Path(serial_adapter.tty).name / "device"
    assert (device / "driver").resolve().name == "cdc_acm"
    usb = device.resolve().parent
    told = [(usb / name).read_text().strip() for name in ("idVendor", "idProduct", "serial")]
    assert told == ["16d0", "117e", "EMULATED"]


def test_a_slcan_bus_moves_frames_both_ways(serial_adapter):
    with can.Bus(serial_adapter.tty, interface="slcan", bitrate=500_000) as bus:
        channel = serial_adapter.state()["channels"][0]
        assert (channel["on"], channel["bitrate"], channel["dtr"]) == (True, 500_000, True)
        for text in CLASSIC:
            bus.send(can.Message.parse(text))
        assert sent_texts(serial_adapter, len(CLASSIC)) == CLASSIC
        serial_adapter.frames(CLASSIC)
        assert texts(bus.recv(20.0) for _ in CLASSIC) == CLASSIC
    assert serial_adapter.state()["channels"][0]["on"] is False
