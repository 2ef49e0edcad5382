"""The serial adapter on USB: the port that the driver sees, and slcan between host and wire."""

from __future__ import annotations

from struct import pack

import pytest

import canbus as can
from canbus.message import Message
from canbus.testing.slcan import Refuse, Silent, Slow, Split, UnplugAfter
from canbus.testing.usb.cdc_acm import CdcAcm
from canbus.testing.usb.node import Fault
from canbus.testing.usb.wire import Wire
from tests.unit.testing_usb.host import Host

CLASS_OUT, CLASS_IN, STANDARD_IN = 0x21, 0xA1, 0x80
SET_CODING, GET_CODING, SET_LINES, BREAK = 0x20, 0x21, 0x22, 0x23
DTR, RTS = 1, 2
MS = 1_000_000


class SerialHost(Host):
    """A host whose device looks at the clock whenever something happened, as its loop does."""

    def __init__(self, dialect="lawicel", *, paced=False):
        self.now = 1000 * MS
        self.wire = Wire(paced=paced, clock=lambda: self.now)
        self.adapter = CdcAcm(self.wire, dialect, serial="42")
        super().__init__(self.adapter)

    def collect(self):
        self.wire.run()
        self.adapter.tick()
        super().collect()

    def lines(self, value):
        return self.control_out(SET_LINES, value, kind=CLASS_OUT)

    def write(self, text):
        assert self.out(1, text.encode()).status == 0

    def read_text(self):
        return b"".join(self.read_all(1)).decode("latin-1")

    def say(self, text):
        """Write, and read what there is then."""
        self.write(text)
        return self.read_text()

    def settings(self):
        return self.adapter.settings(0)

    def sent(self):
        return [format(frame.msg, "candump") for frame in self.wire.sent]


@pytest.fixture
def closed():
    return SerialHost()


@pytest.fixture
def host():
    """One that has opened port and channel."""
    made = SerialHost()
    made.lines(DTR | RTS)
    assert made.say("S6\rO\r") == "\r\r"
    return made


def frame(host, text):
    host.wire.arrive(Message.parse(text))


# -- the serial port ------------------------------------------------------------------------


def test_the_configuration_is_what_cdc_acm_binds_to(closed):
    data = closed.control_in(6, 2 << 8, kind=STANDARD_IN).data
    assert data == bytes.fromhex(
        "0902 4300 02 01 00 80 32"
        "0904 00 00 01 02 02 01 00  0524 00 1001  0524 01 00 01  0424 02 06  0524 06 00 01"
        "0705 82 03 0800 10"
        "0904 01 00 02 0a 00 00 00  0705 81 02 4000 00  0705 01 02 4000 00"
    )


def test_the_device_is_a_canable_with_a_serial_number(closed):
    data = closed.control_in(6, 1 << 8, kind=STANDARD_IN).data
    assert data[4] == 2  # class: communications
    assert data[8:12] == bytes.fromhex("d016 7e11")
    assert closed.control_in(6, 3 << 8 | 3, kind=STANDARD_IN).data[2:] == "42".encode("utf-16-le")


def test_the_line_coding_is_kept(closed):
    coding = pack("<IBBB", 921_600, 2, 1, 7)
    assert closed.control_out(SET_CODING, data=coding, kind=CLASS_OUT).status == 0
    assert closed.control_in(GET_CODING, kind=CLASS_IN).data == coding
    assert closed.settings()["baudrate"] == 921_600


def test_the_control_lines_and_breaks_are_seen(closed):
    closed.lines(DTR | RTS)
    closed.control_out(BREAK, 0xFFFF, kind=CLASS_OUT)
    closed.control_out(BREAK, 0, kind=CLASS_OUT)
    assert [closed.settings()[name] for name in ("dtr", "rts", "breaks")] == [True, True, 1]
    closed.lines(0)
    assert [closed.settings()[name] for name in ("dtr", "rts")] == [False, False]


def test_what_a_serial_port_has_not_stalls(closed):
    assert closed.control_out(0x02, data=b"\0\0", kind=CLASS_OUT).status == -32
    assert closed.control_out(SET_CODING, data=b"\0\0", kind=CLASS_OUT).status == -32


def test_nothing_comes_by_the_notification_endpoint(host):
    frame(host, "123#")
    assert host.read(2) is None


def test_what_is_for_the_host_waits_until_it_asks_and_fits_what_it_asks_for(host):
    for number in range(3):
        frame(host, f"{number:03X}#")
    numbers = [host.ask(1, 8), host.ask(1, 64), host.ask(1, 64)]
    assert [host.answers[number].data for number in numbers[:2]] == [b"t0000\rt0", b"010\rt0020\r"]
    assert numbers[2] not in host.answers
    frame(host, "003#")
    host.collect()
    assert host.answers[numbers[2]].data == b"t0030\r"


def test_a_port_that_was_closed_keeps_nothing_for_the_next_host(host):
    frame(host, "001#")
    host.lines(0)
    frame(host, "002#")
    host.lines(DTR)
    frame(host, "003#")
    assert host.read_text() == "t0030\r"
    assert host.settings()["discarded_bytes"] == 2 * len("t0010\r")


def test_a_host_that_writes_is_there_whatever_its_lines_say(closed):
    assert closed.say("V\r") == "V1013\r"


# -- protocol and wire ----------------------------------------------------------------------


def test_frames_go_both_ways(host):
    assert host.say("t1232DEAD\rT1F3344550\rr3215\r") == "z\rZ\rz\r"
    assert host.sent() == ["123#DEAD", "1F334455#", "321#R5"]
    frame(host, "7FF#01")
    frame(host, "00000001#R")
    assert host.read_text() == "t7FF101\rR000000010\r"


def test_a_command_may_come_in_pieces(host):
    assert host.say("t1232DE") == ""
    assert host.say("AD\r") == "z\r"


def test_the_controller_does_what_the_firmware_was_told(host):
    node = host.adapter.nodes[0]
    assert (node.on, node.bitrate, node.fd) == (True, 500_000, False)
    host.write("C\rS3\rL\r")
    assert (node.on, node.bitrate, host.settings()["listen_only"]) == (True, 100_000, True)
    host.write("C\r")
    assert not node.on


def test_fd_frames_of_a_firmware_that_has_them():
    host = SerialHost("canable2-answers")
    host.write("S6\rY2\rO\r")
    host.read_text()
    host.write("d1239112233445566778899AABBCC\r")
    frame(host, "123##01122")
    assert host.sent() == ["123##0112233445566778899AABBCC"]
    assert host.read_text().endswith("d12321122\r")
    assert host.adapter.nodes[0].data_bitrate == 2_000_000


def test_one_that_is_always_open_needs_no_opening():
    host = SerialHost("slcan")
    host.lines(DTR)
    frame(host, "123#")
    assert host.read_text() == "t1230\r"
    assert host.say("t3210\r") == ""
    assert host.sent() == ["321#"]


def test_loopback_stays_inside():
    host = SerialHost("usbtin")
    host.write("S6\rl\rt1230\r")
    assert host.read_text() == "\r\rz\rt1230\r"
    frame(host, "321#")
    assert (host.read_text(), host.sent()) == ("", [])


def test_nobody_acknowledges_then_all_frames_go_out_in_order(host):
    node = host.adapter.nodes[0]
    node.set_fault(Fault.NOACK)
    answers = host.say("".join(f"t{number:03X}0\r" for number in range(10)))
    assert answers == "z\r" * 8 + "\a" * 2  # it holds eight
    assert (host.adapter.pending(0), host.sent(), node.state.name) == (8, [], "ERROR_PASSIVE")
    assert host.say("F\r") == "F26\r"  # passive, warning; transmit FIFO full
    node.set_fault(Fault.NONE)
    assert host.sent() == [f"{number:03X}#" for number in range(8)]
    assert host.adapter.pending(0) == 0


def test_a_firmware_that_tries_once_loses_what_nobody_acknowledges():
    host = SerialHost("weact")
    host.write("S6\rO\r")
    host.read_text()
    host.adapter.nodes[0].set_fault(Fault.NOACK)
    assert host.say("t1230\r") == ""
    assert host.adapter.nodes[0].state.name == "ERROR_PASSIVE"
    host.adapter.nodes[0].set_fault(Fault.NONE)
    assert host.say("t1240\r") == "\r"
    assert host.sent() == ["124#"]


def test_a_short_leads_to_bus_off_until_the_channel_is_opened_anew(host):
    node = host.adapter.nodes[0]
    node.set_fault(Fault.SHORT)
    assert host.say("t1230\r") == "z\r"
    assert node.bus_off
    assert host.say("t1240\rF\r") == "\aFA6\r"
    node.set_fault(Fault.NONE)
    assert host.say("C\rO\rF\rt1250\r") == "\r\rF00\rz\r"
    assert host.sent() == ["125#"]


def test_a_firmware_may_leave_bus_off_by_itself(host):
    node = host.adapter.nodes[0]
    node.go_bus_off()
    host.adapter.recovered(0)
    node.recover()
    assert host.say("F\rt1250\r") == "F00\rz\r"


def test_on_a_paced_wire_what_is_busy_refuses():
    host = SerialHost(paced=True)
    host.write("S0\rO\r")
    host.read_text()
    assert host.say("t1230\r" * 9) == "z\r" * 8 + "\a"
    host.now += 10_000 * MS
    host.collect()
    assert len(host.sent()) == 8


def test_a_lost_frame_is_told_once(host):
    host.adapter.overflow(0)
    assert host.say("F\rF\r") == "F09\rF00\r"


def test_error_frames_have_no_line(host):
    with pytest.raises(can.CanUnsupportedError, match="cdc_acm"):
        host.adapter.error_frame(0, 0x40, b"")


# -- faults -----------------------------------------------------------------------------------


def test_the_faults_of_serial_adapters_are_its_faults(host):
    host.adapter.faults.add([Silent("V")])
    assert host.say("V\rN\r") == "NA123\r"
    host.adapter.faults.add([Refuse()])
    assert host.say("C\rN\r") == "\a\a"
    assert host.adapter.nodes[0].on


def test_what_is_slow_comes_when_it_is_due(host):
    host.adapter.faults.add([Slow(delay=0.5)])
    number = host.ask(1)
    host.write("N\r")
    assert host.adapter.tick() == host.now + 500 * MS
    host.now += 500 * MS
    host.collect()
    assert host.answers[number].data == b"NA123\r"


def test_pieces_are_transfers_of_their_own(host):
    host.adapter.faults.add([Split(2, gap=0.001)])
    host.write("N\r")
    pieces = []
    for _ in range(3):
        pieces += host.read_all(1)
        host.now += MS
    assert pieces == [b"NA", b"12", b"3\r"]


def test_the_cable_is_pulled_after_so_many_bytes(host):
    host.adapter.faults.add([UnplugAfter(3)])
    assert host.say("N\r") == "NA1"
    assert not host.adapter.is_leaving
    host.now += 300 * MS
    host.collect()
    assert host.adapter.is_leaving
    host.adapter.reset()
    assert not host.adapter.is_leaving
    assert host.say("N\r") == "NA123\r"


def test_unplugged_it_forgets_what_it_was_told_but_not_what_is_wrong_with_it(host):
    host.adapter.faults.add([Silent("V")])
    host.adapter.nodes[0].set_fault(Fault.NOACK)
    host.say("t1230\r")
    host.adapter.reset()
    assert (host.adapter.nodes[0].on, host.adapter.pending(0)) == (False, 0)
    assert [host.settings()[name] for name in ("dtr", "baudrate")] == [False, 115_200]
    assert host.say("V\rO\r") == "\a"  # no bit rate
    assert host.say("S6\rO\rt1240\r") == "\r\rz\r"
    assert host.adapter.pending(0) == 1
