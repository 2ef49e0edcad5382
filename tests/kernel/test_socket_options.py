"""What a bus asks of its socket, asked back from the kernel."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import canbus as can
from canbus import CanFilter
from canbus.backends.socketcan.bus import SocketcanBus
from canbus.testing.support import number_of, numbered, receive

OpenBus = Callable[..., SocketcanBus]

SO_PRIORITY, SO_MARK = 12, 36
# The same user, who may read the code wherever it lies, without a single capability.
NO_RIGHTS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]


def test_priority_and_mark_are_the_sockets(open_bus: OpenBus) -> None:
    sock = open_bus(priority=5, mark=77).socket
    assert sock.getsockopt(1, SO_PRIORITY) == 5
    assert sock.getsockopt(1, SO_MARK) == 77


def test_an_option_that_needs_a_right_says_which(vcan: str) -> None:
    code = f"import canbus as can; can.Bus({vcan!r}, interface='socketcan', mark=1)"
    done = subprocess.run(
        [*NO_RIGHTS, sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert "CanPermissionError" in done.stderr
    assert "mark needs a right" in done.stderr
    assert "CAP_NET_ADMIN" in done.stderr


def test_without_rights_a_buffer_that_is_too_small_is_told_with_the_size_granted(vcan: str) -> None:
    code = (
        "import warnings; warnings.simplefilter('error'); import canbus as can; "
        f"can.Bus({vcan!r}, interface='socketcan', rcvbuf=10**8)"
    )
    done = subprocess.run(
        [*NO_RIGHTS, sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    limit = Path("/proc/sys/net/core/rmem_max").read_text().strip()
    assert f"{limit} granted" in done.stderr
    assert "net.core.rmem_max" in done.stderr


# -- filters ------------------------------------------------------------------------------


def _listed(kind: str, link: str) -> int:
    """How many receivers the kernel lists under a kind of filter for a link."""
    text = Path(f"/proc/net/can/rcvlist_{kind}").read_text()
    return text.count(f" {link} ")


@pytest.mark.parametrize(("extended", "kind"), [(False, "sff"), (True, "eff")])
def test_exact_ids_of_data_frames_are_looked_up_in_the_kernels_array(
    open_bus: OpenBus, vcan: str, extended: bool, kind: str
) -> None:
    mask = 0x1FFFFFFF if extended else 0x7FF
    exact = [CanFilter(number, mask, extended=extended, remote=False) for number in range(100)]
    open_bus(can_filters=exact)
    assert _listed(kind, vcan) == 100
    assert _listed("fil", vcan) == 0


def test_exact_ids_that_want_remote_frames_too_are_not(open_bus: OpenBus, vcan: str) -> None:
    """The array has no remote frames (net/can/af_can.c, can_rcv_list_find)."""
    open_bus(can_filters=[CanFilter(1, 0x7FF, extended=False)])
    assert (_listed("sff", vcan), _listed("fil", vcan)) == (0, 1)


def test_joined_filters_pass_what_matches_all_of_them(open_bus: OpenBus) -> None:
    both = [CanFilter(0x100, 0x700, extended=False), CanFilter(0x101, 0x001)]
    sender, bus = open_bus(), open_bus(can_filters=both, join_filters=True)
    for ident in (0x100, 0x101, 0x201, 0x103):
        sender.send(numbered(ident, ident))
    assert [number_of(receive(bus)) for _ in range(2)] == [0x101, 0x103]
    assert bus.recv(0) is None


def test_joined_filters_are_changed_without_losing_or_letting_slip(open_bus: OpenBus) -> None:
    sender, bus = open_bus(), open_bus(join_filters=True)
    for ident in (0x101, 0x202):
        sender.send(numbered(ident, ident))
    bus.set_filters([CanFilter(0x200, 0x700, extended=False), CanFilter(0x002, 0x003)])
    for ident in (0x101, 0x201, 0x206, 0x002):
        sender.send(numbered(ident, ident))
    assert [number_of(receive(bus)) for _ in range(2)] == [0x202, 0x206]
    assert bus.recv(0) is None


def test_from_few_filters_to_more_than_the_kernel_takes_and_back(open_bus: OpenBus) -> None:
    """python-can leaves the old filters in the kernel there, and loses frames."""
    sender, bus = open_bus(), open_bus(can_filters=[CanFilter(1, 0x7FF, extended=False)])
    many = [CanFilter(number, 0x7FF, extended=False) for number in range(0x100, 0x400)]
    bus.set_filters(many)
    for ident in (1, 0x123, 0x3FF, 0x400):
        sender.send(numbered(ident, ident))
    assert [number_of(receive(bus)) for _ in range(2)] == [0x123, 0x3FF]
    assert bus.recv(0) is None
    bus.set_filters(many[:2])
    for ident in (0x100, 0x102):
        sender.send(numbered(ident, ident))
    assert number_of(receive(bus)) == 0x100
    assert bus.recv(0) is None


# -- error frames -------------------------------------------------------------------------


def _classes(bus: can.BusABC) -> list[int]:
    return [msg.arbitration_id for msg in bus.recv_many(100, 0)]


def _send_errors(bus: can.BusABC) -> None:
    for error_class in (can.ErrorClass.BUS_OFF, can.ErrorClass.RESTARTED, can.ErrorClass.NO_ACK):
        text = f"{0x20000000 | error_class:08X}#0000000000000000"
        bus.send(can.Message.parse(text))


def test_error_frames_are_chosen_by_class(open_bus: OpenBus) -> None:
    wanted = can.ErrorClass.BUS_OFF | can.ErrorClass.RESTARTED
    sender, bus = open_bus(), open_bus(error_mask=wanted)
    _send_errors(sender)
    assert _classes(bus) == [can.ErrorClass.BUS_OFF, can.ErrorClass.RESTARTED]
    bus.set_error_mask(can.ErrorClass.NO_ACK)
    _send_errors(sender)
    assert _classes(bus) == [can.ErrorClass.NO_ACK]
    bus.set_error_mask(0)
    _send_errors(sender)
    assert _classes(bus) == []


def test_classes_that_are_none_or_contradict_are_refused(open_bus: OpenBus) -> None:
    with pytest.raises(can.CanConfigError, match="error_mask"):
        open_bus(error_mask=0x20000000)
    with pytest.raises(can.CanConfigError, match="contradict"):
        open_bus(error_mask=1, ignore_rx_error_frames=True)


QUESTIONS: dict[str, Callable[[SocketcanBus], object]] = {
    "rcvbuf": lambda bus: bus.rcvbuf,
    "sndbuf": lambda bus: bus.sndbuf,
    "set_error_mask": lambda bus: bus.set_error_mask(1),
    "statistics": lambda bus: bus.statistics,
    "flush_tx_buffer": lambda bus: bus.flush_tx_buffer(),
    "controller_status": lambda bus: bus.controller_status,
    "restart": lambda bus: bus.restart(),
}


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=list(QUESTIONS))
def test_a_bus_that_is_shut_down_answers_nothing(
    open_bus: OpenBus, ask: Callable[[SocketcanBus], object]
) -> None:
    bus = open_bus()
    bus.shutdown()
    with pytest.raises(can.CanClosedError):
        ask(bus)


# -- choices ------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["on_loss", "timestamping"])
def test_a_choice_that_is_none_is_refused_with_those_there_are(
    open_bus: OpenBus, option: str
) -> None:
    with pytest.raises(can.CanConfigError, match=f"{option}='perhaps' is none of"):
        open_bus(**{option: "perhaps"})


def test_a_vcan_has_no_hardware_stamps(open_bus: OpenBus) -> None:
    with pytest.raises(can.CanUnsupportedError, match="no time stamps in hardware"):
        open_bus(timestamping="hardware")
    with pytest.raises(can.CanUnsupportedError, match="one interface"):
        open_bus("", timestamping="hardware")


def test_classes_that_are_no_longer_wanted_do_not_come_out_queued_or_not(open_bus: OpenBus) -> None:
    sender, bus = open_bus(), open_bus()
    _send_errors(sender)
    sender.send(numbered(1))
    _send_errors(sender)
    assert receive(bus).arbitration_id == can.ErrorClass.BUS_OFF  # the others are read ahead
    bus.set_error_mask(can.ErrorClass.NO_ACK)
    assert _classes(bus) == [can.ErrorClass.NO_ACK, 0x123, can.ErrorClass.NO_ACK]
    bus.set_filters([CanFilter(0x124, 0x7FF)])
    _send_errors(sender)
    sender.send(numbered(1))
    assert _classes(bus) == [can.ErrorClass.NO_ACK]
