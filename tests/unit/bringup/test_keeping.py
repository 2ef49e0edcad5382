"""The loop of a keeper, with everything around it as tables."""

from __future__ import annotations

import pytest

from canbus.bringup.daemon import DaemonEndedError
from canbus.errors import (
    CanChannelNotFoundError,
    CanInitializationError,
    CanLinkError,
    CanTimeoutError,
)
from tests.unit.bringup.fake_rig import NAME, Rig, wanted

SETTINGS = {"bitrate": 250_000, "up": True}


@pytest.fixture
def rig(tmp_path):
    return Rig(tmp_path)


def test_it_asks_starts_sets_up_and_ends(rig):
    said = rig.run()
    assert (rig.asked, rig.ready, rig.daemon.ended) == (1, 1, 1)
    assert rig.daemon.program[-2:] == (str(rig.port), NAME)
    assert rig.machine.applied == [(NAME, SETTINGS)]
    assert said == [f"{NAME} is up: slcand (process 1000) on {rig.port}"]
    assert rig.told == [([], 1000), ([NAME], 1000), ([], None)]


def test_nothing_is_polled_while_all_is_well(rig):
    rig.run(rig.pass_by, rig.pass_by)
    assert rig.waits == [None, None, None]


def test_slcand_is_given_a_moment_before_the_link_is_up(rig):
    """It renames the link, which the kernel refuses while that is up."""
    rig.run()
    assert rig.settled[0] == []
    assert rig.machine.applied == [(NAME, SETTINGS)]


def test_an_adapter_that_was_just_asked_is_not_asked_again(rig):
    rig.run(is_asked=True)
    assert rig.asked == 0


def test_an_adapter_that_never_answers_is_not_asked(tmp_path):
    rig = Rig(tmp_path, question=None)
    rig.run(rig.unplug, rig.pass_by, rig.plug, rig.pass_by)
    assert (rig.asked, len(rig.daemons)) == (0, 2)


def test_before_linux_6_the_link_is_only_brought_up(rig):
    rig.takes = False
    rig.run(lambda: rig.machine.add(NAME, kind=None))
    assert rig.machine.applied == [(NAME, {"up": True})]


# -- the first time -------------------------------------------------------------------------


def test_a_dead_adapter_is_an_error_and_slcand_is_not_started(rig):
    rig.works = False
    with pytest.raises(CanInitializationError, match="nothing answers"):
        rig.run()
    assert (rig.daemons, rig.ready) == ([], 0)


def test_a_daemon_that_ends_at_once_is_an_error(rig):
    rig.takes = False
    with pytest.raises(DaemonEndedError, match="status 1"):
        rig.run(lambda: rig.die(1))
    assert (rig.ready, rig.daemon.ended) == (0, 1)


def test_a_link_that_does_not_come_is_an_error(rig):
    rig.takes = False
    with pytest.raises(CanTimeoutError, match=r"no interface can7 after 10 s"):
        rig.run(*[rig.pass_by] * 60)
    assert 50 <= len(rig.waits) <= 52
    assert rig.daemon.ended == 1


def test_an_adapter_that_is_not_there_is_an_error(rig):
    rig.unplug()
    with pytest.raises(CanChannelNotFoundError, match="is not there"):
        rig.run()


def test_a_link_that_cannot_be_set_up_is_an_error(rig):
    rig.machine.fails = CanLinkError("no")
    with pytest.raises(CanLinkError, match="no"):
        rig.run()
    assert (rig.daemon.ended, rig.machine.links) == (1, {})


def test_another_interface_of_that_name_is_left_alone(rig):
    rig.machine.add(NAME)
    with pytest.raises(CanLinkError, match="another interface"):
        rig.run()
    assert (rig.daemons, rig.machine.applied) == ([], [])


def test_told_to_stop_while_it_comes_up_it_does_not_say_that_it_is(rig):
    rig.takes = False
    rig.run(rig.stop)
    assert (rig.ready, rig.daemon.ended) == (0, 1)


# -- afterwards -----------------------------------------------------------------------------


def test_unplugged_slcand_is_ended_and_started_anew_when_the_adapter_is_back(rig):
    said = rig.run(rig.unplug, *[rig.pass_by] * 5, rig.plug, rig.pass_by)
    assert [daemon.ended for daemon in rig.daemons] == [1, 1]
    assert (rig.asked, rig.ready) == (2, 1)
    assert rig.machine.applied == [(NAME, SETTINGS)] * 2
    assert said[1:3] == [f"{NAME} is gone", "the serial adapter /dev/ttyACM0 was unplugged"]
    assert said[3].startswith(f"{NAME} is up")
    assert rig.told[2:5] == [([], 1000), ([], None), ([], 1001)]


def test_while_it_is_away_there_is_a_look_now_and_then(rig):
    rig.run(rig.unplug, *[rig.pass_by] * 5)
    assert set(rig.waits[1:]) == {0.2}


def test_a_silent_adapter_is_told_of_once_and_tried_ever_more_rarely(rig):
    def come_back_silent():
        rig.works = False
        rig.plug()

    said = rig.run(rig.unplug, come_back_silent, *[rig.pass_by] * 150)
    assert said[3:] == [f"{rig.port}: nothing answers; trying again"]
    assert len(rig.daemons) == 1
    assert 6 <= rig.asked - 1 <= 10  # in 30 seconds: 0.2, 0.4, ... 5


def test_a_new_trouble_is_told(rig):
    rig.works = False
    rig.machine.fails = None

    def works_but_link_does_not():
        rig.works = True
        rig.machine.fails = CanLinkError("cannot bring can7 up")

    with pytest.raises(CanInitializationError):
        rig.run()
    rig.works = True
    rig.is_over = False
    rig.script.clear()

    def silence():
        rig.unplug()
        rig.plug()
        rig.works = False

    rig.said.clear()
    said = rig.run(silence, *[rig.pass_by] * 12, works_but_link_does_not, *[rig.pass_by] * 30)
    assert [line for line in said if "trying again" in line] == [
        f"{rig.port}: nothing answers; trying again",
        "cannot bring can7 up; trying again",
    ]
    assert all(daemon.ended for daemon in rig.daemons)


def test_unplugged_during_a_pause_it_is_tried_at_once_when_it_is_back(rig):
    def repair():
        rig.works = True
        rig.plug()

    def silence():
        rig.works = False

    rig.run(rig.unplug, silence, rig.plug, *[rig.pass_by] * 80, rig.unplug, rig.pass_by)
    rig.is_over = False
    before, now = rig.asked, rig.now
    rig.plug()
    rig.works = True
    rig.run()
    assert rig.asked == before + 1
    assert rig.now - now < 1


def test_a_daemon_that_dies_is_started_again(rig):
    said = rig.run(rig.die, rig.pass_by, rig.pass_by)
    assert len(rig.daemons) == 2
    assert "slcand ended with status -9" in said


def test_a_daemon_that_keeps_dying_is_started_ever_more_rarely(rig):
    def die_again():
        if rig.daemons and rig.daemon.is_running():
            rig.die()

    rig.run(*[die_again] * 300)
    assert 8 <= len(rig.daemons) <= 20  # in a minute


def test_a_daemon_that_takes_its_link_along_before_it_is_dead_was_not_unplugged(rig):
    def lose_link():
        rig.machine.links = {}

    said = rig.run(lose_link, rig.die, *[rig.pass_by] * 3)
    assert "slcand ended with status -9" in said
    assert not any("unplugged" in line for line in said)


def test_a_link_that_was_moved_away_is_left_there(rig):
    def move():
        rig.attached = True
        rig.machine.links = {}

    said = rig.run(move, rig.pass_by, rig.pass_by)
    assert (len(rig.daemons), rig.daemon.ended) == (1, 1)  # at the very end
    assert rig.waits[1:] == [1.0, 1.0, 1.0]
    assert said[1:] == [f"{NAME} is gone"]


def test_unplugged_while_its_link_is_elsewhere_is_noticed(rig):
    def move():
        rig.attached = True
        rig.machine.links = {}

    said = rig.run(move, rig.unplug, rig.pass_by, rig.plug, rig.pass_by)
    assert len(rig.daemons) == 2
    assert "the serial adapter /dev/ttyACM0 was unplugged" in said


def test_its_name_may_be_taken_while_it_is_away(rig):
    def take_name():
        rig.machine.add(NAME)
        rig.plug()

    def give_back():
        rig.machine.links = {}

    said = rig.run(rig.unplug, take_name, *[rig.pass_by] * 9, give_back, *[rig.pass_by] * 30)
    assert f"{NAME} is the name of another interface now; trying again" in said
    assert said[-1].startswith(f"{NAME} is up")


def fails_once(look):
    """A look that fails, and works again."""
    failures = [CanLinkError("cannot list interfaces")]

    def wrapped():
        if failures:
            raise failures.pop()
        return look()

    return wrapped


def test_a_look_that_fails_is_taken_again(rig):
    def storm():
        rig.machine.list_links = fails_once(rig.machine.list_links)

    said = rig.run(storm, rig.pass_by, storm, rig.pass_by, rig.unplug, rig.plug, rig.pass_by)
    assert [line for line in said if "trying again" in line] == [
        "cannot list interfaces; trying again"
    ]
    assert rig.waits[1:4] == [0.2, None, 0.2]
    assert said[-1].startswith(f"{NAME} is up: slcand (process 1001)")


def test_names_that_cannot_be_had_while_it_comes_back_are_asked_for_again(rig):
    def storm():
        rig.machine.interface_names = fails_once(rig.machine.interface_names)
        rig.die()

    said = rig.run(storm, *[rig.pass_by] * 8)
    assert "cannot list interfaces; trying again" in said
    assert said[-1].startswith(f"{NAME} is up")


# -- a daemon that sees to its adapters itself --------------------------------------------


@pytest.fixture
def own(tmp_path):
    """One that makes links with aliases, as many as there are devices."""
    return Rig(tmp_path, port=None, question=None, links=(wanted(alias="hscan_*"),))


def test_links_that_it_makes_are_set_up_whenever_they_come(own):
    def appear():
        own.machine.add("can0", alias="hscan_61777")
        own.machine.add("can1", alias="mscan_61777")

    def vanish():
        own.machine.links = {}

    def again():
        own.machine.add("can3", alias="hscan_61777")

    said = own.run(appear, vanish, again, own.pass_by)
    assert own.machine.applied == [("can0", SETTINGS), ("can3", SETTINGS)]
    assert len(own.daemons) == 1
    assert said == ["can0 is up: slcand (process 1000)", "can0 is gone", "can3 is up"]


def test_a_link_that_cannot_be_set_up_does_not_end_it(own):
    def appear():
        own.machine.add("can0", alias="hscan_1")

    def again():
        own.machine.links = {}
        own.machine.fails = CanLinkError("no")
        own.machine.add("can1", alias="hscan_1")

    def mend():
        own.machine.fails = None

    said = own.run(appear, again, own.pass_by, mend, own.pass_by)
    assert said[1:] == ["can0 is gone", "no; trying again", "can1 is up"]
    assert len(own.daemons) == 1


def test_when_it_dies_it_is_started_again(own):
    def appear():
        own.machine.add("can0", alias="hscan_1")

    said = own.run(appear, own.die, own.pass_by, own.pass_by, appear, own.pass_by)
    assert len(own.daemons) == 2
    assert "slcand ended with status -9" in said
