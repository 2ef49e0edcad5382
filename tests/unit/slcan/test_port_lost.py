"""A port that is given up and opened again, under one descriptor number; and closed meanwhile."""

from __future__ import annotations

import os
import random
import select
import signal
import threading
from contextlib import suppress

import pytest

import canbus as can
from canbus.backends.slcan import port as port_module
from canbus.backends.slcan.port import Port, open_port
from canbus.backends.slcan.port_users import users_of
from canbus.backends.slcan.tty_line import line_speed
from tests.unit.slcan.serial_lines import Adapter, no_leak, open_descriptors, read_port, wait_for

ALL = select.POLLIN | select.POLLOUT | select.POLLPRI


@pytest.fixture
def adapter(tmp_path):
    adapter = Adapter(tmp_path)
    yield adapter
    adapter.unplug()


@pytest.fixture
def port(adapter):
    port = open_port(adapter.path, 1_000_000)
    yield port
    port.close()


def test_a_lost_port_keeps_its_number_and_is_quiet(adapter: Adapter, port: Port) -> None:
    number = port.fileno()
    port.lose()
    port.lose()
    assert port.is_gone
    assert port.is_lost
    assert port.fileno() == number
    assert wait_for(number, ALL, 0) == 0
    assert port.read() == b""
    assert port.write(b"x") == 0
    port.drain_input()
    port.discard_output()
    assert port.is_gone


def test_the_device_is_given_back_at_once(adapter: Adapter, port: Port) -> None:
    device = os.path.realpath(adapter.path)
    assert device in {target for _, target in open_descriptors()}
    port.lose()
    assert device not in {target for _, target in open_descriptors()}
    assert users_of(adapter.path) == []
    open_port(adapter.path, 9600).close()  # another may have it now


def test_plugged_in_again_it_works_under_the_same_number(adapter: Adapter, port: Port) -> None:
    number = port.fileno()
    for _ in range(3):
        adapter.unplug()
        port.lose()
        adapter.plug_in()
        port.reopen()
        assert port.fileno() == number
        assert not port.is_gone
        assert not port.is_lost
        assert not os.get_inheritable(number)
        adapter.say(b"hello")
        assert read_port(port, 5) == b"hello"
        assert port.write(b"V\r") == 2
        assert adapter.hear(2) == b"V\r"


def test_reopening_has_the_settings_of_the_first_time(adapter: Adapter, port: Port) -> None:
    port.lose()
    port.reopen()
    assert line_speed(port.fileno()) == 1_000_000
    with pytest.raises(can.CanInitializationError, match=r"process \d+"):
        open_port(adapter.path, 9600)


def test_reopening_a_port_that_lives_starts_it_anew(adapter: Adapter, port: Port) -> None:
    port.reopen()
    adapter.say(b"x")
    assert read_port(port, 1) == b"x"


def test_it_can_be_reopened_while_a_thread_still_polls_what_it_was(
    adapter: Adapter, port: Port
) -> None:
    """The kernel keeps for that thread what was open; it must not keep us out."""
    entered = threading.Event()

    def poll() -> None:
        entered.set()
        wait_for(port.fileno(), select.POLLIN)

    waiter = threading.Thread(target=poll)
    waiter.start()
    entered.wait()
    port.lose()
    port.reopen()
    adapter.say(b"x")
    adapter.unplug()
    waiter.join()


def test_as_long_as_it_is_away_reopening_says_so_and_it_stays_lost(
    adapter: Adapter, port: Port
) -> None:
    adapter.unplug()
    port.lose()
    with no_leak():
        for _ in range(3):
            with pytest.raises(can.CanChannelNotFoundError, match="no such port"):
                port.reopen()
    assert port.is_lost
    assert port.read() == b""
    adapter.plug_in()
    port.reopen()
    assert not port.is_lost


def test_losing_and_reopening_leaves_nothing(adapter: Adapter) -> None:
    with no_leak():
        port = open_port(adapter.path, 115200)
        for _ in range(3):
            port.lose()
            port.reopen()
        port.close()
    with no_leak():
        port = open_port(adapter.path, 115200)
        port.lose()
        port.close()


@pytest.mark.parametrize("moment", ["open_line", "_stand_in"])
def test_closed_in_the_middle_of_a_change_it_is_closed_when_that_is_complete(
    adapter: Adapter, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a signal handler does it that interrupts the thread."""
    with no_leak():
        port = open_port(adapter.path, 115200)
        genuine = getattr(port_module, moment)

        def interrupted(*args, **options):
            result = genuine(*args, **options)
            signal.raise_signal(signal.SIGUSR1)
            return result

        previous = signal.signal(signal.SIGUSR1, lambda *_: port.close())
        try:
            monkeypatch.setattr(port_module, moment, interrupted)
            if moment == "_stand_in":
                port.lose()
            else:
                with pytest.raises(can.CanClosedError):
                    port.reopen()
        finally:
            signal.signal(signal.SIGUSR1, previous)
        assert port.fileno() == -1
        monkeypatch.undo()


def test_a_signal_handler_may_close_it_anywhere(adapter: Adapter) -> None:
    ports: list[Port] = []
    choose = random.Random(1)
    previous = signal.signal(signal.SIGPROF, lambda *_: ports[-1].close())
    try:
        with no_leak():
            for _ in range(80):
                ports.append(open_port(adapter.path, 115200))
                signal.setitimer(signal.ITIMER_PROF, choose.uniform(1e-6, 8e-4))
                with suppress(can.CanClosedError):
                    use_until_closed(ports[-1])
                assert ports[-1].fileno() == -1
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)


def use_until_closed(port: Port) -> None:
    while port.fileno() >= 0:
        port.lose()
        port.reopen()
        port.write(b"x")
        port.discard_output()
        port.drain_input()


def test_threads_that_lose_reopen_and_close_never_touch_a_strangers_descriptor(
    adapter: Adapter,
) -> None:
    with no_leak():
        for _ in range(50):
            port = open_port(adapter.path, 115200, exclusive=False)
            threads = [threading.Thread(target=work) for work in (port.lose, port.close, port.lose)]
            for thread in threads:
                thread.start()
            ends = os.pipe()  # takes the number as soon as it is free
            for thread in threads:
                thread.join()
            os.write(ends[1], b"x")
            assert os.read(ends[0], 1) == b"x"
            for end in ends:
                os.close(end)
            assert port.fileno() == -1


def test_no_descriptor_left_to_stand_in(
    adapter: Adapter, port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left():
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(port_module, "_stand_in", none_left)
    with pytest.raises(can.CanOperationError, match="Too many open files"):
        port.lose()
    assert not port.is_lost
    monkeypatch.undo()
    port.lose()
    assert port.is_lost
