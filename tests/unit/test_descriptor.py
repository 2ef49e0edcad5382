"""HandedOut: one descriptor over the channel's own and what lies on our side; Linux only."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator

import pytest

if sys.platform != "linux":
    pytest.skip("epoll and eventfd are Linux's", allow_module_level=True)

from canbus.descriptor import HandedOut


class Channel:
    """A pipe that is read by its number, which stays the same when it is opened anew."""

    def __init__(self) -> None:
        self.fd, self.far = os.pipe()
        self.handed_out = HandedOut(self.fd)

    def is_readable(self) -> bool:
        return bool(select.select([self.handed_out.fileno()], [], [], 0)[0])

    def open_anew(self) -> None:
        """Under the same number, another file."""
        near, far = os.pipe()
        os.dup2(near, self.fd)
        os.close(near)
        os.close(self.far)
        self.far = far


@pytest.fixture
def channel() -> Iterator[Channel]:
    channel = Channel()
    yield channel
    channel.handed_out.close()
    os.close(channel.fd)
    os.close(channel.far)


def test_it_tells_of_the_channel_and_of_what_lies_here(channel: Channel) -> None:
    assert not channel.is_readable()
    os.write(channel.far, b"x")
    assert channel.is_readable()
    os.read(channel.fd, 1)
    assert not channel.is_readable()
    for _ in range(3):
        channel.handed_out.show(True)
        channel.handed_out.show(True)
        assert channel.is_readable()
        channel.handed_out.show(False)
        channel.handed_out.show(False)
        assert not channel.is_readable()


def test_a_file_that_was_forgotten_is_not_watched_though_others_have_it(channel: Channel) -> None:
    """As a forked child has a copy of a port that was hung up."""
    copy = os.dup(channel.fd)
    channel.handed_out.forget()
    channel.handed_out.forget()  # nothing is registered any more
    old_far = os.dup(channel.far)
    channel.open_anew()
    os.write(old_far, b"x")
    assert not channel.is_readable()
    channel.handed_out.renew()
    assert not channel.is_readable()
    os.write(channel.far, b"x")
    assert channel.is_readable()
    os.read(channel.fd, 1)
    assert not channel.is_readable()
    os.close(copy)
    os.close(old_far)


def test_what_lies_here_is_told_while_the_channel_is_away(channel: Channel) -> None:
    channel.handed_out.forget()
    channel.handed_out.show(True)
    assert channel.is_readable()
    channel.open_anew()
    channel.handed_out.renew()
    assert channel.is_readable()
    channel.handed_out.show(False)
    assert not channel.is_readable()


def test_a_signal_handler_may_close_it_before_anything(channel: Channel) -> None:
    fd = channel.handed_out.fileno()
    assert fd >= 0
    channel.handed_out.close()
    channel.handed_out.close()
    assert channel.handed_out.fileno() == -1
    channel.handed_out.forget()
    channel.handed_out.renew()
    channel.handed_out.show(True)
    channel.handed_out.show(False)
    channel.handed_out.forget()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
    os.fstat(channel.fd)  # which is not its own


def test_closed_between_forgetting_and_renewing(channel: Channel) -> None:
    channel.handed_out.forget()
    channel.handed_out.close()
    channel.open_anew()
    channel.handed_out.renew()
    assert channel.handed_out.fileno() == -1
