"""A model of what the kernel and the library promise to one receiver, frame by frame.

It is told what happens (a frame was sent, the filters were changed, the link went down) and
judges what a bus then returns or raises. No bus here, and no test: test_model.py has those.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import canbus as can
from canbus import CanFilter, FrameOrigin
from canbus.filters import superset

KERNEL_FILTERS = 512  # CAN_RAW_FILTER_MAX of <linux/can/raw.h>

Filters = Sequence[CanFilter] | None


def matches(entry: CanFilter, msg: can.Message) -> bool:
    """What a filter means, in other words than those of canbus.filters."""
    bits = 0x7FF if entry.extended is False else 0x1FFFFFFF
    hit = (
        (entry.extended is None or entry.extended == msg.is_extended_id)
        and (entry.remote is None or entry.remote == msg.is_remote_frame)
        and (entry.can_id ^ msg.arbitration_id) & entry.can_mask & bits == 0
    )
    return hit != entry.inverted


class Queued:
    """A frame that the kernel may have put into the socket's queue."""

    def __init__(self, msg: can.Message, origin: FrameOrigin, lost: int, passes: bool) -> None:
        self.msg = msg
        self.origin = origin
        self.lost = lost  # frames that the kernel dropped directly before it
        self.passes = passes  # the filters in force now
        self.passed_always = passes  # all filters that were in force since it was sent

    @property
    def is_due(self) -> bool:
        """It must come. One that an earlier filter refused may come."""
        return self.passes and self.passed_always

    def is_same(self, got: can.Message) -> bool:
        return got.origin is self.origin and got.equals(
            self.msg, timestamp_delta=None, check_channel=False, check_direction=False
        )


class Promised:
    """What one bus owes its user.

    Args:
        channel: what every frame says.
        fd: it receives FD frames.
        own: it receives what it sends itself.
        joined: a frame must match all filters.
        told_of_link: its interface's going down is an error of its calls.
        raises_losses: so are losses.
    """

    def __init__(
        self,
        channel: str,
        filters: Filters,
        *,
        fd: bool,
        own: bool,
        joined: bool,
        told_of_link: bool,
        raises_losses: bool,
    ) -> None:
        self.channel, self.filters = channel, filters
        self.fd, self.own, self.joined = fd, own, joined
        self.told_of_link, self.raises_losses = told_of_link, raises_losses
        self.queue: deque[Queued] = deque()
        self.dropped = 0  # by the kernel, in all
        self.lost = 0  # by the kernel, since the last frame that it queued
        self.carried = 0  # losses before frames that the filters refused
        self.is_down = False
        self.is_untold = False  # the link went down, and no call has said so
        self.may_be_told = False  # a call has, but not one that receives
        # For each time, frames of the queue that were there then. One error for each is right,
        # and one for all.
        self.downs: list[int] = []
        self.loss_told = 0  # raised, of the next frame
        self.is_reordered = False  # filters were set: which frame is the next is not known
        self.last_stamp = 0

    # -- what happens -----------------------------------------------------------------

    def passes(self, msg: can.Message) -> bool:
        if msg.is_error_frame or self.filters is None:
            return True
        hits = [matches(entry, msg) for entry in self.filters]
        return (all(hits) and bool(hits)) if self.joined else any(hits)

    def kernel_passes(self, msg: can.Message) -> bool:
        """Whether it comes as far as the socket's queue."""
        if msg.is_fd and not self.fd:
            return False
        filters = self.filters
        if filters is not None and len(filters) > KERNEL_FILTERS:
            wide = superset(filters)
            assert not self.passes(msg) or msg.is_error_frame or matches(wide, msg)
            return msg.is_error_frame or matches(wide, msg)
        if msg.is_error_frame:
            # It matches one filter, its class, and the kernel wants as many as there are.
            return not (self.joined and filters is not None and len(filters) > 1)
        return self.passes(msg)

    def sent(self, msgs: Sequence[can.Message], by_itself: bool, dropped: int) -> None:
        """Frames were sent in one go, and the kernel has dropped so many for this receiver."""
        coming = [msg for msg in msgs if self.kernel_passes(msg) and (self.own or not by_itself)]
        new = dropped - self.dropped
        assert 0 <= new <= len(coming), "dropped without having been there"
        self.dropped = dropped
        origin = FrameOrigin.OWN if by_itself else FrameOrigin.LOCAL
        for msg in coming[: len(coming) - new]:  # a full queue stays full until it is read
            self.queue.append(Queued(msg, origin, self.lost, self.passes(msg)))
            self.lost = 0
        self.lost += new
        if new:
            assert len(self.queue) >= 10, "dropped with room in the queue"

    def set_filters(self, filters: Filters) -> None:
        self.filters = filters
        self.is_reordered = True
        for entry in self.queue:
            entry.passes = self.passes(entry.msg)
            entry.passed_always = entry.passed_always and entry.passes

    def link_down(self) -> None:
        if not self.told_of_link:
            return
        self.is_down = True
        self.is_untold = True
        self.downs.append(len(self.queue))

    def link_up(self) -> None:
        self.is_down = False

    def sending_failed(self) -> None:
        """This bus has raised CanLinkDownError when it sent."""
        self.may_be_told = self.may_be_told or self.is_untold
        self.is_untold = False

    # -- what is due ------------------------------------------------------------------

    @property
    def due(self) -> int:
        """How many frames must come, at least."""
        return sum(entry.is_due for entry in self.queue)

    @property
    def says_something(self) -> bool:
        """A call that receives returns or raises something at once."""
        return self.due > 0 or self.is_down or self.is_untold

    @property
    def must_be_readable(self) -> bool:
        return self.due > 0 or self.is_untold

    @property
    def must_not_be_readable(self) -> bool:
        return not (self.queue or self.is_untold or self.may_be_told)

    # -- what comes -------------------------------------------------------------------

    def got(self, msg: can.Message) -> None:
        """The bus returned a frame: the right one?"""
        lost = self.carried
        while True:
            assert self.queue, f"nothing was due, but {msg!r} came"
            entry = self.queue.popleft()
            self.downs = [max(0, before - 1) for before in self.downs]
            lost += entry.lost
            if entry.passes and entry.is_same(msg):
                break
            assert not entry.is_due, f"{entry.msg!r} was due, but {msg!r} came"
        self.carried = 0
        assert msg.lost_before == lost, f"{msg!r}: {msg.lost_before} lost before it, not {lost}"
        if self.raises_losses and not self.is_reordered:
            assert self.loss_told == lost, f"{self.loss_told} told of {lost} lost before {msg!r}"
        self.loss_told = 0
        assert msg.channel == self.channel
        assert msg.timestamp_source is can.TimestampSource.KERNEL
        assert self.last_stamp <= msg.timestamp_ns
        self.last_stamp = msg.timestamp_ns

    def got_nothing(self) -> None:
        """The bus said that nothing waits."""
        assert not self.due, f"{self.due} frames were due, but none came"
        assert not self.is_down
        assert not self.is_untold, "the link went down, and nothing says so"
        self.carried += sum(entry.lost for entry in self.queue)
        self.queue.clear()
        self.is_reordered = self.may_be_told = False
        self.downs = []

    def got_error(self, error: can.CanError) -> None:
        """The bus raised."""
        if isinstance(error, can.CanFramesLostError):
            assert self.raises_losses
            assert not self.loss_told or self.is_reordered
            assert error.count > 0
            self.loss_told = error.count
            return
        assert isinstance(error, can.CanLinkDownError), error
        waiting = list(self.queue)[: self.downs[0] if self.downs else None]
        assert not any(entry.is_due for entry in waiting), "frames of before it come first"
        assert self.is_down or self.is_untold or self.may_be_told, "the link was up"
        self.is_untold = False
        self.downs = self.downs[1:]
        self.may_be_told = bool(self.downs)
