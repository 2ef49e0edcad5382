"""Backends of python-can as ours: names, listing, options, errors, the end of a bus."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any, ClassVar

import pytest

import canbus
from canbus.backends.python_can import names
from canbus.errors import (
    CanBackendNotFoundError,
    CanClosedError,
    CanConfigError,
    CanInitializationError,
    CanInterfaceNotImplementedError,
    CanOperationError,
    CanTimeoutError,
    CanUnsupportedError,
)
from canbus.registry import get_spec, list_backends

can = pytest.importorskip("can")

PATIENCE = 10.0


class Scripted(can.BusABC):  # type: ignore[misc, name-defined]
    """A backend of python-can that does as it is told."""

    opened: ClassVar[dict[str, Any]] = {}
    raises: Exception | None = None

    def __init__(self, channel: Any, can_filters: Any = None, **kwargs: Any) -> None:
        if isinstance(channel, Exception):
            raise channel
        type(self).opened = {"channel": channel, "can_filters": can_filters, **kwargs}
        self.channel_info = f"scripted {channel}"
        super().__init__(channel, can_filters)

    def _recv_internal(self, timeout: float | None) -> Any:
        if self.raises is not None:
            raise self.raises
        threading.Event().wait(timeout)
        return None, False

    def send(self, msg: Any, timeout: float | None = None) -> None:
        if self.raises is not None:
            raise self.raises


@pytest.fixture
def scripted(monkeypatch):
    """Installed in python-can under the name of a backend that nobody has here."""
    monkeypatch.setitem(can.interfaces.BACKENDS, "nixnet", (__name__, "Scripted"))
    monkeypatch.setattr(Scripted, "opened", {})
    monkeypatch.setattr(Scripted, "raises", None)


# -- names --------------------------------------------------------------------------------


def test_the_table_is_what_python_can_has():
    plugins = set(names.sources()) - names.SHIPPED
    assert set(can.interfaces.BACKENDS) - plugins - {"canbus"} == set(names.SHIPPED)


def test_they_are_listed_with_their_source():
    rows = {row.name: row for row in list_backends()}
    assert rows["python-can:pcan"].source == f"python-can {can.__version__}"
    assert rows["virtual"].source == "built in"
    assert rows["python-can:virtual"].spec is not None


def test_listing_and_describing_does_not_import_python_can():
    code = (
        "import sys; from canbus.registry import get_spec, list_backends\n"
        "list_backends(); get_spec('python-can:pcan'); get_spec('pcan')\n"
        "assert 'can' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_plain_name_is_ours_where_we_have_one():
    assert get_spec("virtual").bus.startswith("canbus.backends.virtual")
    assert get_spec("pcan") == get_spec("python-can:pcan")
    assert get_spec("python-can:virtual").bus.endswith("PythonCanBus")


def test_a_name_that_nobody_has():
    with pytest.raises(CanBackendNotFoundError, match="python-can has no backend 'nope'") as caught:
        get_spec("python-can:nope")
    assert "pcan" in str(caught.value.hint)
    with pytest.raises(CanBackendNotFoundError, match="there is no backend 'nope'"):
        get_spec("nope")


def test_without_python_can(monkeypatch):
    monkeypatch.setattr(names, "version", lambda: None)
    with pytest.raises(CanBackendNotFoundError, match="not installed") as caught:
        get_spec("python-can:pcan")
    assert caught.value.hint == "pip install python-can"
    with pytest.raises(CanBackendNotFoundError, match="there is no backend 'pcan'"):
        get_spec("pcan")
    assert not [row for row in list_backends() if row.name.startswith(names.PREFIX)]


# -- opening ------------------------------------------------------------------------------


def test_options_are_handed_on_as_they_are(scripted):
    timing = canbus.BitTiming.from_sample_point(8_000_000, 500_000, 87.5)
    own: Any = {"own": "1.5"}  # as for any plugin: nobody knows its options here
    with canbus.Bus(
        "0", "nixnet", bitrate=500_000, timing=timing, state=canbus.BusState.PASSIVE, **own
    ):
        opened = dict(Scripted.opened)
    assert opened.pop("timing") == can.BitTiming(8_000_000, 1, 13, 2, 2)
    assert opened == {
        "channel": "0",
        "can_filters": None,
        "bitrate": 500_000,
        "state": can.BusState.PASSIVE,
        "own": "1.5",
    }


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (can.CanInitializationError("no such device", 19), CanInitializationError),
        (can.CanInterfaceNotImplementedError("no driver"), CanInterfaceNotImplementedError),
        (ImportError("no libfoo"), CanInterfaceNotImplementedError),
        (ValueError("bitrate"), CanConfigError),
        (OSError(13, "denied"), CanInitializationError),
    ],
)
def test_a_channel_that_does_not_open(scripted, theirs, ours):
    with pytest.raises(ours, match=r"python-can's nixnet cannot open") as caught:
        canbus.Bus(theirs, "nixnet")
    assert caught.value.__cause__ is theirs
    assert caught.value.error_code == (
        getattr(theirs, "error_code", None) or getattr(theirs, "errno", None)
    )


# -- in use -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (can.CanOperationError("cable"), CanOperationError),
        (can.CanTimeoutError("full"), CanTimeoutError),
        (OSError(5, "gone"), CanOperationError),
        (AttributeError("a defect of theirs"), CanOperationError),
    ],
)
def test_what_fails_in_use_says_which_channel(scripted, monkeypatch, theirs, ours):
    with canbus.Bus("x", "nixnet") as bus:
        monkeypatch.setattr(Scripted, "raises", theirs)
        with pytest.raises(ours, match="scripted x: receiving failed"):
            bus.recv(0)
        with pytest.raises(ours, match="scripted x: sending failed"):
            bus.send(canbus.Message())


def test_who_waits_is_woken_by_shutdown(scripted):
    bus = canbus.Bus("x", "nixnet")
    caught: list[Exception] = []

    def wait() -> None:
        try:
            bus.recv(None)
        except CanClosedError as exc:
            caught.append(exc)

    thread = threading.Thread(target=wait)
    thread.start()
    bus.shutdown()
    thread.join(PATIENCE)
    assert len(caught) == 1


def test_frames_of_the_real_thing_go_both_ways():
    with canbus.Bus("a wire", "python-can:virtual") as bus:
        theirs = can.Bus("a wire", interface="virtual")
        try:
            bus.send(canbus.Message.parse("1F334455#DEAD"))
            assert theirs.recv(PATIENCE).data == b"\xde\xad"
            theirs.send(can.Message(arbitration_id=0x123, is_extended_id=False, data=[7]))
            assert format(bus.recv(PATIENCE), "candump") == "123#07"
        finally:
            theirs.shutdown()


def test_what_it_cannot_do_it_says(scripted):
    with canbus.Bus("x", "nixnet") as bus:
        with pytest.raises(CanUnsupportedError):
            bus.fileno()
        with pytest.raises(CanUnsupportedError):
            bus.state = canbus.BusState.PASSIVE
        with pytest.raises(CanUnsupportedError):
            bus.flush_tx_buffer()
        assert bus.state is canbus.BusState.ACTIVE
