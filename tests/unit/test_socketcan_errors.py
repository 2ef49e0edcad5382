"""What the kernel says, as a named error with a hint: every row of the tables, without a kernel."""

from __future__ import annotations

import errno
import os
import socket

import pytest

import canbus as can
from canbus.backends.socketcan import os_errors

NAME = "can0"

OPEN = [
    (errno.EAFNOSUPPORT, can.CanKernelSupportError, "modprobe can"),
    (errno.EPROTONOSUPPORT, can.CanKernelSupportError, "modprobe can_raw"),
    (errno.EPERM, can.CanPermissionError, "RestrictAddressFamilies"),
    (errno.EACCES, can.CanPermissionError, "seccomp"),
    (errno.EMFILE, can.CanInitializationError, "ulimit"),
    (errno.ENODEV, can.CanChannelNotFoundError, "ip link set can0 up"),
]
SEND = [
    (errno.ENETDOWN, can.CanLinkDownError, "ip link set can0 up"),
    (errno.ENXIO, can.CanChannelNotFoundError, "plug the adapter in"),
    (errno.ENODEV, can.CanChannelNotFoundError, "plug the adapter in"),
    (errno.ENOBUFS, can.CanTxQueueFullError, "txqueuelen"),
    (errno.EPERM, can.CanChannelNotFoundError, "ip -details link show can0"),
    (errno.EMSGSIZE, can.CanMessageError, "ip -details link show can0"),
]
RECEIVE = [
    (errno.ENETDOWN, can.CanLinkDownError, "ip link set can0 up"),
    (errno.ENODEV, can.CanChannelNotFoundError, "plug the adapter in"),
]


def _said(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def _check(error: can.CanError, number: int, kind: type[can.CanError], hint: str) -> None:
    assert type(error) is kind
    assert error.error_code == number
    assert NAME in str(error)
    assert hint in (error.hint or "")


@pytest.mark.parametrize(("number", "kind", "hint"), OPEN)
def test_what_stops_a_bus_from_opening_is_named(
    number: int, kind: type[can.CanError], hint: str
) -> None:
    _check(os_errors.open_error(_said(number), NAME), number, kind, hint)


@pytest.mark.parametrize(("number", "kind", "hint"), SEND)
def test_what_stops_a_frame_from_leaving_is_named(
    number: int, kind: type[can.CanError], hint: str
) -> None:
    error = os_errors.send_error(_said(number), NAME, can.Message(), is_open=True)
    _check(error, number, kind, hint)


@pytest.mark.parametrize(("number", "kind", "hint"), RECEIVE)
def test_what_stops_frames_from_coming_is_named(
    number: int, kind: type[can.CanError], hint: str
) -> None:
    _check(os_errors.receive_error(number, NAME), number, kind, hint)


def test_an_errno_that_no_table_knows_keeps_its_name_and_number() -> None:
    error = os_errors.receive_error(errno.EIO, NAME)
    assert type(error) is can.CanOperationError
    assert "EIO" in str(error)


class StubbornSocket(socket.socket):
    """A real socket that refuses one option, as a kernel without it does."""

    refused = ""

    def setsockopt(self, level: int, number: int, *value: object) -> None:
        if (level, number) == REFUSALS[self.refused]:
            raise OSError(errno.ENOPROTOOPT, "Protocol not available")


REFUSALS = {
    "local_loopback": (101, 3),
    "receive_own_messages": (101, 4),
    "error frames": (101, 2),
    "fd": (101, 5),
    "can_filters": (101, 1),
}


@pytest.mark.parametrize("option", REFUSALS)
def test_an_option_that_the_kernel_refuses_raises_by_its_name(
    option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OneOptionLess(StubbornSocket):
        refused = option

        def __init__(self) -> None:
            super().__init__(socket.AF_UNIX, socket.SOCK_DGRAM)

    monkeypatch.setattr("canbus.backends.socketcan.raw_socket.RawSocket", OneOptionLess)
    with pytest.raises(can.CanInitializationError, match=f"refuses {option}") as caught:
        can.Bus(NAME, interface="socketcan", fd=True, can_filters=[can.CanFilter(1, 1)])
    assert caught.value.error_code == errno.ENOPROTOOPT
    assert caught.value.hint
