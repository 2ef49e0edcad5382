"""links.watching over a fake kernel and a fake clock; real ones: tests/kernel, tests/hardware."""

from __future__ import annotations

import errno
from dataclasses import replace
from types import SimpleNamespace

import pytest

from canbus.errors import CanConfigError, CanLinkError, CanTimeoutError, CanUnsupportedError
from canbus.link_info import LinkDevice, LinkInfo
from canbus.links import reading, route_socket, watching
from canbus.links.watching import wait_for_link, watch_links
from canbus.state import CanState
from tests.unit.links.kernel_answers import FakeRouteKernel

VCAN0, VCAN1, VCAN2 = (
    LinkInfo(f"vcan{n}", 7 + n, "vcan", is_up=True, mtu=72, has_carrier=True) for n in range(3)
)
CAN0 = LinkInfo(
    "can0",
    3,
    "can",
    is_up=True,
    mtu=16,
    state=CanState.ERROR_ACTIVE,
    tx_errors=0,
    rx_errors=0,
    has_carrier=True,
)


class Stage:
    """A kernel, a clock, and what happens while a watcher waits."""

    def __init__(self, kernel):
        self.kernel = kernel
        self.now = 100.0
        self.script = []
        self.waits = []
        kernel.while_waiting = self._wait

    def _wait(self, timeout):
        if timeout == 0:
            return
        self.waits.append(timeout)
        if self.script:
            event = self.script.pop(0)()
            if event is not None:
                self.kernel.announce(event)
                self.now += 0.001
                return
        self.now += timeout

    def then(self, *links, without=(), event=b"event"):
        """While it waits next: these links are as given; None as an event announces nothing."""

        def act():
            for name in without:
                del self.kernel.links[name]
            self.kernel.links |= {link.name: link for link in links}
            return event

        self.script.append(act)


@pytest.fixture
def stage(monkeypatch):
    kernel = FakeRouteKernel(VCAN0)
    monkeypatch.setattr(route_socket, "RouteSocket", kernel.open)
    monkeypatch.setattr(reading, "sys", SimpleNamespace(platform="linux"))
    monkeypatch.setattr(watching, "read_device", lambda name, *, index: None)
    stage = Stage(kernel)
    monkeypatch.setattr(watching, "time", SimpleNamespace(monotonic=lambda: stage.now))
    yield stage
    assert kernel.open_sockets == 0


def told(changes):
    return [change.describe() for change in changes]


def test_nothing_that_is_there_is_told_and_the_time_ends_it(stage):
    assert told(watch_links(timeout=1.0)) == []
    assert stage.now == pytest.approx(101.0)
    assert stage.waits == pytest.approx([0.2] * 5)


def test_what_is_there_may_be_asked_for(stage):
    assert told(watch_links(timeout=0, initial=True)) == ["vcan0: appeared, up"]


def test_what_the_kernel_reports_is_told_at_once(stage):
    stage.then(VCAN1)
    stage.then(replace(VCAN0, is_up=False, has_carrier=False))
    stage.then(without=["vcan1"])
    assert told(watch_links(timeout=1.0, poll_interval=0.9)) == [
        "vcan1: appeared, up",
        "vcan0: down",
        "vcan1: gone",
    ]
    assert stage.waits[:3] == pytest.approx([0.9, 0.9, 0.9])


def test_what_the_kernel_does_not_report_is_told_after_the_interval(stage):
    stage.kernel.links = {"can0": CAN0}
    stage.then(replace(CAN0, tx_errors=50), event=None)
    stage.then(replace(CAN0, tx_errors=100, state=CanState.ERROR_WARNING), event=None)
    changes = watch_links(timeout=3.0, poll_interval=1.0)
    (change,) = changes
    assert change.describe() == "can0: state ERROR_ACTIVE -> ERROR_WARNING"
    assert (change.before.tx_errors, change.after.tx_errors) == (50, 100)


def test_what_changes_between_the_call_and_the_first_next_is_told(stage):
    changes = watch_links(timeout=0.1)
    stage.kernel.links["vcan1"] = VCAN1
    assert told(changes) == ["vcan1: appeared, up"]


def test_what_changes_while_the_caller_works_is_told(stage):
    stage.then(VCAN1)
    changes = watch_links(timeout=5.0)
    assert next(changes).describe() == "vcan1: appeared, up"
    stage.kernel.links["vcan2"] = VCAN2
    assert next(changes).describe() == "vcan2: appeared, up"
    changes.close()


def test_there_is_a_last_look_at_the_end(stage):
    stage.then(VCAN1, event=None)
    assert told(watch_links(timeout=0.1, poll_interval=9.0)) == ["vcan1: appeared, up"]
    assert stage.waits == pytest.approx([0.1])


def test_lost_events_mean_to_look_again(stage):
    stage.then(VCAN1, event=OSError(errno.ENOBUFS, ""))
    stage.then(VCAN2)
    assert told(watch_links(timeout=1.0)) == ["vcan1: appeared, up", "vcan2: appeared, up"]


def test_many_events_are_one_look(stage):
    looks = []
    answer = stage.kernel.answer

    def count(request):
        looks.append(request)
        return answer(request)

    stage.kernel.answer = count

    def storm():
        for _ in range(500):
            stage.kernel.announce(b"event")
        stage.kernel.links["vcan1"] = VCAN1
        return b"event"

    stage.script.append(storm)
    changes = watch_links(timeout=1.0)
    assert next(changes).describe() == "vcan1: appeared, up"
    changes.close()
    assert len(looks) == 2


def test_a_storm_without_end_does_not_keep_it_from_looking(stage):
    stage.then(VCAN1)
    changes = watch_links(timeout=1.0)
    (ear,) = stage.kernel.sockets
    ear.wait = lambda _: True
    ear.receive = lambda: b"event"
    stage.script[0]()
    assert next(changes).describe() == "vcan1: appeared, up"
    changes.close()


def test_a_link_that_was_made_anew_is_gone_and_has_appeared(stage):
    stage.then(replace(VCAN0, index=99))
    assert told(watch_links(timeout=1.0)) == ["vcan0: gone", "vcan0: appeared, up"]


def test_with_names_only_those_are_told_and_they_need_not_be_there(stage):
    stage.then(VCAN1, VCAN2)
    stage.then(without=["vcan0"])
    stage.then(without=["vcan1"])
    assert told(watch_links("vcan1", timeout=1.0)) == ["vcan1: appeared, up", "vcan1: gone"]


def test_a_link_that_is_renamed_is_told_so_or_has_come_or_gone_for_who_asked_by_name(stage):
    renamed = replace(VCAN0, name="engine")
    expected = {
        (): ["vcan0: renamed to engine"],
        ("vcan0",): ["vcan0: gone"],
        ("engine",): ["engine: appeared, up"],
    }
    for names, words in expected.items():
        stage.kernel.links = {"vcan0": VCAN0}
        stage.then(renamed, without=["vcan0"])
        assert told(watch_links(*names, timeout=1.0)) == words


def test_the_device_is_that_which_it_had_when_it_appeared(stage, monkeypatch):
    """A device that is pulled out is gone from sysfs a moment before its interface is."""
    found = {"vcan0": LinkDevice("gs_usb")}
    monkeypatch.setattr(watching, "read_device", lambda name, *, index: found.get(name))
    stage.then(event=b"event")
    stage.then(without=["vcan0"])
    changes = watch_links(timeout=1.0)
    found.clear()
    (change,) = changes
    assert change.before == replace(VCAN0, device=LinkDevice("gs_usb"))


def test_leaving_the_loop_and_closing_end_it(stage):
    stage.then(VCAN1)
    for _ in watch_links():
        break
    assert stage.kernel.open_sockets == 0
    changes = watch_links()
    assert stage.kernel.open_sockets == 1
    changes.close()
    assert list(changes) == []


def test_an_interruption_passes_and_nothing_stays_open(stage):
    def interrupt():
        raise KeyboardInterrupt

    stage.script.append(interrupt)
    with pytest.raises(KeyboardInterrupt):
        next(watch_links())


def test_a_kernel_that_fails_meanwhile_is_a_link_error(stage):
    stage.then(event=OSError(errno.ENOMEM, ""))
    with pytest.raises(CanLinkError, match="cannot watch CAN interfaces: Cannot allocate"):
        list(watch_links())


def test_an_event_that_somebody_else_has_taken_is_no_failure(stage):
    stage.then(VCAN1, event=TimeoutError("timed out"))
    assert told(watch_links(timeout=1.0)) == ["vcan1: appeared, up"]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"poll_interval": 0}, CanConfigError, "poll_interval=0 "),
        ({"poll_interval": float("nan")}, CanConfigError, "poll_interval=nan"),
        ({"timeout": -1}, CanConfigError, "timeout=-1"),
        ({"timeout": float("nan")}, CanConfigError, "timeout=nan"),
    ],
)
def test_times_that_make_no_sense_are_refused_at_the_call(stage, options, error, words):
    with pytest.raises(error, match=words):
        watch_links(**options)


def test_an_endless_interval_is_one_that_no_system_call_refuses(stage):
    stage.then(VCAN1)
    changes = watch_links(poll_interval=float("inf"))
    next(changes)
    changes.close()
    assert stage.waits == [3600.0]


def test_impossible_names_and_other_systems_are_refused_at_the_call(stage, monkeypatch):
    with pytest.raises(CanLinkError, match="cannot be the name"):
        watch_links("a/b")
    monkeypatch.setattr(reading, "sys", SimpleNamespace(platform="darwin"))
    with pytest.raises(CanUnsupportedError, match="darwin"):
        watch_links()


# -- waiting for one


def test_a_link_that_is_there_is_returned_at_once(stage):
    assert wait_for_link(lambda link: link.kind == "vcan", 0) == VCAN0
    assert stage.waits == []


def test_of_several_the_first_by_index_is_returned(stage):
    stage.kernel.links = {link.name: link for link in (VCAN2, VCAN1)}
    assert wait_for_link(lambda _: True, 1.0) == VCAN1


def test_a_link_that_comes_is_returned(stage):
    stage.then(VCAN1)
    stage.then(VCAN2)
    assert wait_for_link(lambda link: link.name == "vcan2", 5.0, poll_interval=1.0) == VCAN2


def test_a_state_that_comes_is_waited_for(stage):
    stage.kernel.links = {"can0": CAN0}
    stage.then(replace(CAN0, tx_errors=128), event=None)
    assert wait_for_link(lambda link: (link.tx_errors or 0) > 127, 5.0).tx_errors == 128


@pytest.mark.parametrize(
    ("options", "words"),
    [({}, "the link did not come within 2.5 s"), ({"what": "can0"}, "can0 did not come within")],
)
def test_a_link_that_does_not_come_is_a_timeout(stage, options, words):
    with pytest.raises(CanTimeoutError, match=words) as info:
        wait_for_link(lambda link: link.name == "can0", 2.5, **options)
    assert isinstance(info.value, TimeoutError)
    assert stage.now == pytest.approx(102.5)


def test_an_error_of_the_callers_passes_and_nothing_stays_open(stage):
    with pytest.raises(ZeroDivisionError):
        wait_for_link(lambda link: link.index / 0 > 1, 1.0)
