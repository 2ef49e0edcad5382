"""Remote frames that the kernel answers: once each, whoever asks, until it is told to stop."""

from __future__ import annotations

import subprocess
import sys

import pytest

import canbus as can
from canbus.testing.support import PATIENCE, receive_until_marker, send_marker
from tests.kernel.watching import ID, OpenBus, descriptors, frame, reading_threads
from tests.scale import SOAK


def ask(arbitration_id: int = ID, *, ext: bool = False, dlc: int = 0) -> can.Message:
    return can.Message(
        arbitration_id=arbitration_id, is_extended_id=ext, is_remote_frame=True, dlc=dlc
    )


def answers(asker: can.BusABC, listener: can.BusABC, expected: int = 1) -> list[bytes]:
    """Data frames until so many have come, and what came with them.

    The kernel answers from its receive softirq, which on a busy machine runs after `send` has
    returned: a marker alone may overtake the answer.
    """
    came: list[bytes] = []
    while len(came) < expected and (msg := listener.recv(PATIENCE)) is not None:
        if not msg.is_remote_frame:
            came.append(bytes(msg.data))
    send_marker(asker)
    rest = [msg for msg in receive_until_marker(listener) if not msg.is_remote_frame]
    return came + [bytes(msg.data) for msg in rest]


def test_each_remote_frame_is_answered_exactly_once(open_bus: OpenBus) -> None:
    bus, asker, listener = open_bus(), open_bus(), open_bus()
    with bus.reply_to_remote(frame(b"\xaa\xbb")):
        for number in range(200 * SOAK):
            asker.send(ask(dlc=number % 9))
            asked, answer = listener.recv(PATIENCE), listener.recv(PATIENCE)
            send_marker(asker)
            assert receive_until_marker(listener) == []
            assert asked is not None
            assert answer is not None
            assert asked.is_remote_frame
            assert (answer.arbitration_id, answer.is_extended_id) == (ID, False)
            assert (bytes(answer.data), answer.dlc) == (b"\xaa\xbb", 2)
        asker.send_many([ask()] * 50)
        assert answers(asker, listener, 50) == [b"\xaa\xbb"] * 50
        asker.send(frame(b"\1"))  # no remote frame
        asker.send(ask(ID + 1))
        asker.send(ask(ID, ext=True))
        assert answers(asker, listener) == [b"\1"]


def test_modify_data_takes_effect_and_stop_ends_it(open_bus: OpenBus) -> None:
    bus, asker = open_bus(), open_bus()
    reply = bus.reply_to_remote(frame(b"\0"))
    for number in range(1, 50):
        reply.modify_data(frame(bytes([number] * (number % 9))))
        asker.send(ask())
        assert answers(bus, asker) == [bytes([number] * (number % 9))]
    reply.stop()
    asker.send(ask())
    assert answers(bus, asker, 0) == []
    reply.stop()
    with pytest.raises(can.CanClosedError, match="123"):
        reply.modify_data(frame(b"\1"))


def test_remote_frames_of_the_bus_itself_are_answered_too(open_bus: OpenBus) -> None:
    bus, listener = open_bus(), open_bus()
    with bus.reply_to_remote(frame(b"\7")):
        bus.send(ask())
        assert answers(bus, listener) == [b"\7"]


def test_ids_of_11_and_29_bits_have_answers_of_their_own(open_bus: OpenBus) -> None:
    bus, asker, listener = open_bus(), open_bus(), open_bus()
    with bus.reply_to_remote(frame(b"\1")), bus.reply_to_remote(frame(b"\2", ID, ext=True)):
        asker.send(ask(ext=True))
        assert answers(asker, listener) == [b"\2"]
        asker.send(ask())
        assert answers(asker, listener) == [b"\1"]


def test_an_answer_and_a_watch_of_the_same_id_are_apart(open_bus: OpenBus) -> None:
    bus, asker, listener = open_bus(), open_bus(), open_bus()
    before = len(reading_threads())
    with bus.reply_to_remote(frame(b"\1")) as reply, bus.watch(ID) as watch:
        assert len(reading_threads()) == before + 1  # on one socket
        asker.send(ask())
        assert answers(asker, listener) == [b"\1"]
        told = watch.get(PATIENCE)  # the answer is a frame like any other
        assert told is not None
        assert told.message is not None
        assert bytes(told.message.data) == b"\1"
        reply.stop()
        asker.send(ask())
        asker.send(frame(b"\2"))
        assert answers(asker, listener) == [b"\2"]
        assert watch.get(PATIENCE) is not None


def test_replies_come_and_go_without_using_up_descriptors(open_bus: OpenBus) -> None:
    bus, asker = open_bus(), open_bus()
    most = 0
    for round_ in range(200 * SOAK):
        with bus.reply_to_remote(frame(bytes([round_ % 256]))):
            asker.send(ask())
            assert answers(bus, asker) == [bytes([round_ % 256])]
        if round_ == 20:
            most = len(descriptors())
        assert round_ <= 20 or len(descriptors()) <= most + 2


@pytest.mark.parametrize(
    "wrong",
    [
        can.Message(arbitration_id=ID, is_extended_id=False, is_remote_frame=True),
        can.Message(arbitration_id=ID, is_extended_id=False, is_fd=True),
        can.Message(arbitration_id=ID, is_extended_id=False, is_error_frame=True),
        can.Message(arbitration_id=ID, is_extended_id=False, data=bytes(9)),
    ],
)
def test_what_can_be_no_answer_is_refused_by_name(open_bus: OpenBus, wrong: can.Message) -> None:
    bus, asker = open_bus(fd=True), open_bus()
    with pytest.raises(can.CanMessageError):
        bus.reply_to_remote(wrong)
    with bus.reply_to_remote(frame(b"\1")) as reply:
        with pytest.raises(can.CanMessageError):
            reply.modify_data(wrong)
        for other_id in (frame(b"\2", ID + 1), frame(b"\2", ID, ext=True)):
            with pytest.raises(can.CanMessageError, match="another id"):
                reply.modify_data(other_id)
        asker.send(ask())
        assert answers(bus, asker) == [b"\1"]


def test_the_answer_is_a_copy(open_bus: OpenBus) -> None:
    bus, asker = open_bus(), open_bus()
    msg = frame(b"\1")
    with bus.reply_to_remote(msg) as reply:
        msg.data[0] = 9
        asker.send(ask())
        assert answers(bus, asker) == [b"\1"]
        msg = frame(b"\2")
        reply.modify_data(msg)
        msg.data[0] = 9
        asker.send(ask())
        assert answers(bus, asker) == [b"\2"]


_ANSWER = """
import sys
import canbus as can
bus = can.Bus(sys.argv[1], interface="socketcan")
reply = bus.reply_to_remote(can.Message.parse("123#AB"))
print("ready", flush=True)
sys.stdin.read()
"""


def test_a_process_that_was_killed_answers_no_more(vcan: str, open_bus: OpenBus) -> None:
    asker, listener = open_bus(), open_bus()
    with subprocess.Popen(
        [sys.executable, "-c", _ANSWER, vcan],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        asker.send(ask())
        assert answers(asker, listener) == [b"\xab"]
        process.kill()
        process.wait(PATIENCE)
    asker.send(ask())
    assert answers(asker, listener, 0) == []
