"""What a python-can user writes, word for word, with one line changed: the import."""

from __future__ import annotations

import runpy
import textwrap
import threading

import pytest

import canbus as can


def run_script(tmp_path, text):
    script = tmp_path / "script.py"
    script.write_text("import canbus as can\n" + textwrap.dedent(text))
    return runpy.run_path(str(script))


def test_a_producer_whose_id_is_too_wide_sends_what_python_can_sends_but_says_so(vcan0, tmp_path):
    with can.Bus(channel="vcan0", interface="socketcan") as listener:
        with pytest.warns(can.CanWarning, match=r"0xc0ffee .* 0x7ee .*is_extended_id=True"):
            run_script(
                tmp_path,
                """
                def producer(number):
                    bus = can.Bus(channel='vcan0', interface='socketcan')
                    for i in range(10):
                        data = [number, i, 0, 1, 3, 1, 4, 1]
                        msg = can.Message(arbitration_id=0xc0ffee, data=data,
                                          is_extended_id=False)
                        bus.send(msg)
                    bus.shutdown()

                producer(10)
                """,
            )
        got = [listener.recv(5) for _ in range(10)]
    assert [msg.arbitration_id for msg in got] == [0x7EE] * 10
    assert [bytes(msg.data) for msg in got] == [bytes([10, i, 0, 1, 3, 1, 4, 1]) for i in range(10)]


def test_check_refuses_the_id_that_is_too_wide():
    with pytest.raises(ValueError, match="0xc0ffee"):
        can.Message(arbitration_id=0xC0FFEE, is_extended_id=False, check=True)


def test_recv_blocks_polls_and_times_out(vcan0, tmp_path):
    with can.Bus(channel="vcan0", interface="socketcan") as other:
        timer = threading.Timer(0.1, lambda: other.send(can.Message.parse("123#11")))
        timer.start()
        names = run_script(
            tmp_path,
            """
            bus = can.Bus(channel='vcan0', interface='socketcan')
            message = bus.recv()
            late = bus.recv(0.1)
            polled = bus.recv(0.0)
            bus.shutdown()
            """,
        )
        timer.join()
    assert names["message"].arbitration_id == 0x123
    assert names["late"] is names["polled"] is None


def test_iterating_over_a_bus_yields_messages_until_shutdown(vcan0, tmp_path, capsys):
    names = run_script(
        tmp_path,
        """
        import threading
        bus = can.Bus('vcan0', interface='socketcan')
        other = can.Bus('vcan0', interface='socketcan')
        for number in range(3):
            other.send(can.Message(arbitration_id=number))
        seen = []
        for message in bus:
            seen.append(message)
            if len(seen) == 3:
                threading.Timer(0.1, bus.shutdown).start()
        other.shutdown()
        """,
    )
    assert [msg.arbitration_id for msg in names["seen"]] == [0, 1, 2]


def test_a_bus_as_context_manager_sends_periodically(vcan0, tmp_path):
    with can.Bus("vcan0", interface="socketcan") as listener:
        names = run_script(
            tmp_path,
            """
            msg = can.Message(arbitration_id=0x321, data=[0])
            with can.interface.Bus(interface="socketcan", channel="vcan0") as bus:
                task = bus.send_periodic(msg, 0.01)
                assert isinstance(task, can.CyclicSendTaskABC)
                msg.data = [1]
                task.modify_data(msg)
                task.stop()
                task.start()
            """,
        )
        assert bytes(listener.recv(5).data) == b"\0"  # at once
        while (msg := listener.recv(0)) is not None:
            assert msg.arbitration_id == 0x321
    assert names["task"].error is None


def test_a_bus_without_interface_lists_the_backends():
    with pytest.raises(can.CanInterfaceNotImplementedError) as caught:
        can.Bus("vcan0")
    assert "socketcan" in caught.value.hint
    assert "virtual" in caught.value.hint
