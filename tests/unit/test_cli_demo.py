import errno
import re
import socket
import threading
from contextlib import AbstractContextManager, ExitStack, contextmanager

import pytest

import canbus as can
from canbus import links
from canbus.backends.virtual.bus import VirtualBus
from canbus.cli import demo_channel, main
from canbus.errors import CanLinkError, CanLinkPermissionError, CanUnsupportedError

SUMMARY = re.compile(
    r"sent (\d+) by the cyclic task and (\d+) singly; received (\d+)(?:, (\d+) of them from other "
    r"senders)?; filtered out (\d+); lost (\d+)"
)


def demo(capsys, *words):
    status = main(["demo", *words])
    captured = capsys.readouterr()
    return status, captured.out.splitlines(), captured.err


class Refusing(AbstractContextManager[None]):
    """A context that cannot be entered."""

    def __init__(self, exc):
        self.exc = exc

    def __enter__(self):
        raise self.exc

    def __exit__(self, *_):
        raise AssertionError("left without having been entered")


def test_frames_of_every_kind_are_shown_and_counted(capsys):
    status, lines, err = demo(capsys, "-i", "virtual", "--seconds", "0.3")
    assert (status, err) == (0, "")
    assert lines[0] == "demo on virtual demo, as asked for"
    match = SUMMARY.fullmatch(lines[-1])
    assert match
    by_task, singly, received, others, filtered_out, lost = match.groups()
    assert int(by_task) >= 1
    assert (singly, others, filtered_out, lost) == ("6", None, "2", "0")
    frames = lines[1:-1]
    assert len(frames) == int(received) == int(by_task) + 4
    shown = "\n".join(frames)
    assert frames[0] == "  demo  123   [4]  00 00 00 01"
    for part in ("456   [4]  DE AD BE EF", "1F334455   [2]  11 22", "456   [4]  remote request"):
        assert part in shown
    assert "457  [12]  00 11 22 33 44 55 66 77 88 99 AA BB" in shown
    assert "7E0" not in shown
    assert "7E1" not in shown


def test_the_counter_of_the_cyclic_task_has_no_gap(capsys):
    _, lines, _ = demo(capsys, "-i", "virtual", "--seconds", "0.5")
    counts = [
        int(m[1].replace(" ", ""), 16)
        for m in map(re.compile(r" 123   \[4\]  (.*)").search, lines)
        if m
    ]
    assert counts == list(range(1, len(counts) + 1))


def test_no_seconds_still_show_the_frames(capsys):
    status, lines, _ = demo(capsys, "-i", "virtual", "--seconds", "0")
    assert status == 0
    assert SUMMARY.fullmatch(lines[-1])


def test_nothing_is_left_open(capsys):
    before = threading.active_count()
    demo(capsys, "-i", "virtual", "--seconds", "0")
    assert threading.active_count() == before


def test_frames_of_other_senders_are_told_apart_by_number(capsys, monkeypatch):
    send_frame = VirtualBus._send_frame

    def twice(bus, msg, timeout):
        send_frame(bus, msg, timeout)
        send_frame(bus, msg, timeout)

    monkeypatch.setattr(VirtualBus, "_send_frame", twice)
    _, lines, _ = demo(capsys, "-i", "virtual", "--channel", "cli demo others", "--seconds", "0.1")
    match = SUMMARY.fullmatch(lines[-1])
    assert match
    by_task, singly, received, others, _, lost = map(int, match.groups())
    assert others >= by_task + singly - 2 - 1  # the last one of the task may be read too late
    assert received == by_task + singly - 2 + others
    assert lost == 0


def test_without_any_frame_received_the_status_is_1(capsys, monkeypatch):
    monkeypatch.setattr(VirtualBus, "_send_frame", lambda bus, msg, timeout: None)
    monkeypatch.setattr("canbus.cli.demo._LAST_FRAME_TIMEOUT", 0.01)
    status, lines, _ = demo(capsys, "-i", "virtual", "--seconds", "0")
    assert status == 1
    match = SUMMARY.fullmatch(lines[-1])
    assert match
    assert match[3] == "0"
    assert int(match[6]) == int(match[1]) + 4


def test_a_task_that_fails_is_an_error(capsys, monkeypatch, caplog):
    send_frame = VirtualBus._send_frame

    def fail_for_the_task(bus, msg, timeout):
        if msg.arbitration_id == 0x123:
            raise can.CanOperationError("the wire broke")
        send_frame(bus, msg, timeout)

    monkeypatch.setattr(VirtualBus, "_send_frame", fail_for_the_task)
    status, _, err = demo(capsys, "-i", "virtual", "--seconds", "0.1")
    assert status == 1
    assert "canbus: the wire broke\n" in err


# -- which bus


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EAFNOSUPPORT, "this kernel has no CAN (socket: EAFNOSUPPORT)"),
        (errno.EPERM, "the kernel refuses a CAN socket (socket: EPERM, Operation not permitted)"),
    ],
)
def test_a_kernel_without_can_sockets_is_the_reason_for_a_virtual_bus(
    capsys, monkeypatch, number, reason
):
    def refuse(*_):
        raise OSError(number, "no")

    monkeypatch.setattr(socket, "AF_CAN", 29, raising=False)
    monkeypatch.setattr(socket, "CAN_RAW", 1, raising=False)
    monkeypatch.setattr(socket, "socket", refuse)
    with ExitStack() as stack:
        chosen = demo_channel.choose(None, None, stack)
    assert chosen.interface == "virtual"
    assert chosen.why.endswith(f"because {reason}")


def test_a_python_without_can_sockets_is_the_reason_for_a_virtual_bus(monkeypatch):
    monkeypatch.delattr(socket, "AF_CAN", raising=False)
    with ExitStack() as stack:
        chosen = demo_channel.choose(None, None, stack)
    assert chosen.interface == "virtual"
    assert "has no CAN sockets" in chosen.why


@pytest.mark.parametrize(
    ("exc", "reason"),
    [
        (CanLinkPermissionError("x"), "there is no right to create a vcan link: run as root"),
        (CanLinkError("no vcan here"), "because no vcan here"),
        (CanUnsupportedError("pyroute2 is missing"), "because pyroute2 is missing"),
    ],
)
def test_why_no_link_could_be_made_is_the_reason_for_a_virtual_bus(monkeypatch, exc, reason):
    monkeypatch.setattr(demo_channel, "_kernel_problem", lambda: None)
    monkeypatch.setattr(links, "temporary_vcan", lambda: Refusing(exc))
    with ExitStack() as stack:
        chosen = demo_channel.choose(None, None, stack)
    assert chosen.interface == "virtual"
    assert reason in chosen.why


def test_a_link_made_for_the_demo_is_removed_with_the_stack(monkeypatch):
    present = []

    @contextmanager
    def temporary():
        present.append("vcan9")
        yield links.LinkInfo("vcan9", 9, "vcan", is_up=True, mtu=72)
        present.remove("vcan9")

    monkeypatch.setattr(demo_channel, "_kernel_problem", lambda: None)
    monkeypatch.setattr(links, "temporary_vcan", temporary)
    with ExitStack() as stack:
        chosen = demo_channel.choose(None, None, stack)
        assert (chosen.interface, chosen.channel, chosen.fd) == ("socketcan", "vcan9", True)
        assert present
    assert not present


def test_asking_for_socketcan_where_it_cannot_be_had_is_an_error(capsys, monkeypatch):
    refusal = CanLinkPermissionError("cannot create it", hint="sudo")
    monkeypatch.setattr(links, "temporary_vcan", lambda: Refusing(refusal))
    status, lines, err = demo(capsys, "-i", "socketcan")
    assert (status, lines, err) == (1, [], "canbus: cannot create it\nhint: sudo\n")


@pytest.mark.parametrize(("mtu", "fd"), [(16, False), (72, True)])
def test_an_existing_link_is_used_for_what_its_mtu_allows(monkeypatch, mtu, fd):
    link = links.LinkInfo("can0", 3, "can", is_up=True, mtu=mtu)
    monkeypatch.setattr(links, "get_link", lambda name: link)
    with ExitStack() as stack:
        chosen = demo_channel.choose(None, "can0", stack)
    assert (chosen.interface, chosen.channel, chosen.fd) == ("socketcan", "can0", fd)
    assert ("no CAN FD" in chosen.why) is not fd
