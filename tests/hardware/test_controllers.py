"""Frames between two CAN controllers that have a driver, rather than a virtual link."""

from __future__ import annotations

import subprocess

import pytest

import canbus as can

# No remote frames: QEMU's SJA1000 model miscounts them in its receive buffer, and garbles
# what comes after (seen with can-utils alone). On vcan they are tested in tests/kernel.
FRAMES = ["123#DEADBEEF", "7FF#", "1F334455#0011223344556677", "00000001#01"]


@pytest.fixture
def pair(controllers):
    with (
        can.Bus(controllers[0], interface="socketcan", receive_own_messages=True) as one,
        can.Bus(controllers[1], interface="socketcan") as other,
    ):
        yield one, other


@pytest.mark.parametrize("text", FRAMES)
def test_a_frame_crosses_the_wire_and_is_confirmed(pair, text):
    one, other = pair

    one.send(can.Message.parse(text))

    arrived, own = other.recv(20), one.recv(20)
    assert format(arrived, "candump") == format(own, "candump") == text
    assert arrived.origin is can.FrameOrigin.WIRE
    assert arrived.is_rx
    assert own.origin is can.FrameOrigin.OWN


def test_an_fd_frame_is_refused_by_a_classic_controller(controllers):
    with (
        can.Bus(controllers[0], interface="socketcan", fd=True) as bus,
        pytest.raises(can.CanMessageError, match="does not take CAN FD"),
    ):
        bus.send(can.Message.parse("123##0AA"))


def test_the_state_is_the_kernels(controllers):
    name = controllers[0]
    with can.Bus(name, interface="socketcan") as bus:
        assert (bus.can_state, bus.state) == (can.CanState.ERROR_ACTIVE, can.BusState.ACTIVE)
        subprocess.run(["ip", "link", "set", name, "down"], check=True)
        assert (bus.can_state, bus.state) == (can.CanState.STOPPED, can.BusState.ERROR)
        subprocess.run(["ip", "link", "set", name, "up"], check=True)
        assert bus.can_state is can.CanState.ERROR_ACTIVE


def test_a_controller_that_goes_down_is_said_to_be_down(controllers):
    name = controllers[1]
    with can.Bus(name, interface="socketcan") as bus:
        subprocess.run(["ip", "link", "set", name, "down"], check=True)
        with pytest.raises(can.CanLinkDownError, match=name):
            bus.recv(20)
        subprocess.run(["ip", "link", "set", name, "up"], check=True)


def test_a_controllers_receipt_is_that_of_the_bus(controllers):
    with (
        can.Bus(controllers[0], interface="socketcan") as one,
        can.Bus(controllers[1], interface="socketcan") as other,
    ):
        receipt = one.send(can.Message.parse("123#DEADBEEF"), 20, confirm=True)
        assert receipt.confirmed_by is can.ConfirmedBy.BUS
        assert format(other.recv(20), "candump") == "123#DEADBEEF"
