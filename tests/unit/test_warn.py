"""warn: a warning stands at the line of the user, not at a line of this package."""

from __future__ import annotations

import inspect
import sys
import threading
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from canbus.errors import CanWarning
from canbus.message import Message
from canbus.testing import FakeBus
from canbus.testing.support import numbered
from canbus.warn import warn


def _line() -> int:
    """The line of the caller."""
    frame = inspect.currentframe()
    return frame.f_back.f_lineno


def _function_in(module: str, call: Callable[[], object]) -> Callable[[], object]:
    """A function of a module of that name which calls another."""
    namespace: dict[str, Any] = {"__name__": module, "call": call}
    source = f"def inner():\n    return call()  # a line of {module}\n"
    exec(compile(source, f"<{module}>", "exec"), namespace)
    found: Callable[[], object] = namespace["inner"]
    return found


def _through(*modules: str) -> Callable[[], object]:
    """A function that warns below the named modules, the first one being the outermost."""
    call: Callable[[], object] = lambda: None  # noqa: E731

    namespace: dict[str, Any] = {"__name__": "canbus.innermost", "warn": warn}
    exec("def call():\n    warn('here')\n", namespace)
    call = namespace["call"]
    for module in reversed(modules):
        call = _function_in(module, call)
    return call


@pytest.fixture
def caught() -> Iterator[list[warnings.WarningMessage]]:
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        yield found


@pytest.mark.parametrize("depth", [0, 1, 2, 7])
def test_a_warning_points_at_the_first_caller_outside_the_package(
    caught: list[warnings.WarningMessage], depth: int
) -> None:
    call = _through(*["canbus.backends.some.bus"] * depth)
    call()
    line = _line() - 1
    assert [(w.filename, w.lineno) for w in caught] == [(__file__, line)]


def test_what_calls_the_user_does_not_count(caught: list[warnings.WarningMessage]) -> None:
    """A callback called by the package is the user's code, and the nearest."""
    _function_in("canbus.notifier", _function_in("users_code", _through("canbus.bus")))()
    assert [w.filename for w in caught] == ["<users_code>"]


@pytest.mark.parametrize("module", ["canbus_plugin", "canbusser.bus", "my.canbus.bus", "can"])
def test_a_module_whose_name_is_merely_similar_is_outside(
    caught: list[warnings.WarningMessage], module: str
) -> None:
    _function_in(module, _through("canbus.bus"))()
    assert [w.filename for w in caught] == [f"<{module}>"]


def test_a_module_without_a_name_is_outside(caught: list[warnings.WarningMessage]) -> None:
    call = _through("canbus.bus")
    nameless = types.FunctionType((lambda: call()).__code__, {}, closure=_cell(call))
    nameless()
    assert len(caught) == 1
    assert caught[0].filename == __file__


def _cell(value: object) -> tuple[types.CellType]:
    return (types.CellType(value),)


def test_the_category_is_canwarning_unless_another_is_given(
    caught: list[warnings.WarningMessage],
) -> None:
    warn("one")
    warn("two", DeprecationWarning)
    assert [(w.category, str(w.message)) for w in caught] == [
        (CanWarning, "one"),
        (DeprecationWarning, "two"),
    ]


def test_in_a_thread_of_the_package_the_warning_is_given_all_the_same(
    caught: list[warnings.WarningMessage],
) -> None:
    thread = threading.Thread(target=_through("canbus.periodic"))
    thread.start()
    thread.join(10)
    assert [w.filename for w in caught] == [threading.__file__]


def test_a_warning_that_is_an_error_is_raised_to_the_user() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(CanWarning):
            _through("canbus.bus")()


def _send(bus: FakeBus) -> None:
    bus.send(Message(arbitration_id=0x800, is_extended_id=False))


def _send_periodic(bus: FakeBus) -> None:
    bus.send_periodic(Message(arbitration_id=0x800, is_extended_id=False), 100)


def _modify(bus: FakeBus) -> None:
    task = bus.send_periodic(numbered(1, 0), 100)
    task.modify_data(Message(arbitration_id=0x800, is_extended_id=False))


def _construct(bus: FakeBus) -> None:
    Message(is_remote_frame=True, data=b"1")


def _open(bus: FakeBus) -> None:
    from canbus.interface import Bus

    old: Any = {"bustype": "virtual"}
    Bus("warn", **old).shutdown()


@pytest.mark.parametrize("use", [_send, _send_periodic, _modify, _construct, _open])
def test_each_entrance_of_the_package_points_at_its_user(
    caught: list[warnings.WarningMessage], use: Callable[[FakeBus], None]
) -> None:
    with FakeBus() as bus:
        use(bus)
    assert caught
    first = use.__code__.co_firstlineno
    for warning in caught:
        assert warning.filename == __file__
        assert first < warning.lineno < first + 5


def test_a_loss_is_told_at_the_line_that_receives(
    caught: list[warnings.WarningMessage],
) -> None:
    from canbus.backends.virtual.bus import VirtualBus

    with VirtualBus("warn") as sender, VirtualBus("warn", rx_queue_size=1) as bus:
        sender.send(numbered(1))
        sender.send(numbered(2))
        bus.recv(0)
        line = _line() - 1
        bus.recv(0)
    assert [(w.filename, w.lineno) for w in caught] == [(__file__, line)]
    assert sys.modules["canbus.warn"].__file__ != __file__
