"""The watching part of BusABC: frames that should arrive, and remote frames to be answered.

What a backend that can do it has to write is at the end. No operating system is known here.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from canbus.errors import CanConfigError, CanMessageError, CanUnsupportedError
from canbus.lifetime import Lifetime
from canbus.message import Message
from canbus.stoppable import Stoppable

if TYPE_CHECKING:
    from canbus.watch import Watch, WatchEvent
    from canbus.watch_job import WatchJob


class RemoteReply(Stoppable):
    """A frame that answers remote frames until `stop()`; also a context manager.

    It goes on by itself after the link was down. Where the interface is gone it ends: `done`
    is true, and the log says so.
    """

    @property
    @abstractmethod
    def done(self) -> bool:
        """Whether nothing is answered any more."""

    @abstractmethod
    def stop(self) -> None:
        """Answer no more. May be called any number of times."""

    @abstractmethod
    def modify_data(self, msg: Message) -> None:
        """Answer with this frame from now on.

        Raises:
            CanMessageError: a ValueError; it has another id, or is no data frame.
            CanClosedError: it was stopped.
            CanChannelNotFoundError: the interface is gone.
        """


class Watching(Lifetime):
    """What a user calls to have frames watched; see BusABC."""

    channel_info: str = "unknown"

    def watch(
        self,
        arbitration_id: int,
        *,
        is_extended_id: bool = False,
        period: float | None = None,
        missing_after: float = 3.0,
        mask: bytes | None = None,
        multiplex: Mapping[bytes, bytes] | None = None,
        multiplex_mask: bytes = b"\xff",
        throttle: float | None = None,
        is_fd: bool = False,
        channel: Any = None,
        on_event: Callable[[WatchEvent], object] | None = None,
    ) -> Watch:
        """Have a frame watched: whether it comes, and whether its content changes.

        The kernel looks at each frame; nobody here is woken while nothing happens. Frames
        that this machine sends are seen, too, those of this bus included.

        Args:
            arbitration_id: of the frame.
            is_extended_id: whether that has 29 bits.
            period: seconds between frames, if it is expected to come regularly: then it is
                told when it goes missing and when it is back.
            missing_after: periods without a frame after which it is missing.
            mask: bits of the data whose change is told. None for none where a period is
                given, and otherwise for all, and the length.
            multiplex: for frames whose content depends on some bits: the value of those
                bits, and the mask for frames with that value. Other frames are not told.
            multiplex_mask: where those bits are.
            throttle: seconds from one told change to the next, at least; what changes
                meanwhile is told at the end of it, the last only.
            is_fd: whether it is a CAN FD frame.
            channel: on a bus on all interfaces, where to look; None everywhere, and then
                nothing is told of links that go down or away.
            on_event: called with each event, by a thread of the bus, rather than taking them
                from the watch.

        Raises:
            CanConfigError: a ValueError; something of it makes no sense.
            CanUnsupportedError: the backend cannot watch.
            CanError: nothing can be received now: the link is down, for instance.
        """
        from canbus.watch_job import make_job

        self._check_open()
        if on_event is not None and not callable(on_event):
            raise CanConfigError(f"on_event {on_event!r} cannot be called", hint="give a function")
        job = make_job(
            arbitration_id,
            is_extended_id,
            is_fd,
            period,
            missing_after,
            mask,
            multiplex,
            multiplex_mask,
            throttle,
            channel,
        )
        return self._watch(job, on_event)

    def reply_to_remote(self, msg: Message) -> RemoteReply:
        """Answer each remote frame with the id of this data frame by sending it.

        The kernel does so, at once, whatever this program is busy with.

        Raises:
            CanMessageError: a ValueError; it is no classic data frame.
            CanUnsupportedError: the backend cannot.
            CanError: nothing can be sent now: the link is down, for instance.
        """
        self._check_open()
        return self._reply(answer(self._prepare(msg)))

    @abstractmethod
    def _check_open(self) -> None: ...

    @abstractmethod
    def _prepare(self, msg: Message) -> Message: ...

    # -- for backends -----------------------------------------------------------------

    def _watch(self, job: WatchJob, on_event: Callable[[WatchEvent], object] | None) -> Watch:
        """Watch a frame; a backend that can replaces it."""
        raise CanUnsupportedError(
            f"{self.channel_info}: this backend cannot watch frames, only socketcan can",
            hint="receive them, and look at their time stamps",
        )

    def _reply(self, msg: Message) -> RemoteReply:
        """Answer remote frames with a data frame; a backend that can replaces it."""
        raise CanUnsupportedError(
            f"{self.channel_info}: this backend cannot answer remote frames, only socketcan can",
            hint="receive them, and send the answer",
        )


def answer(msg: Message) -> Message:
    """The frame, which can answer a remote frame; raises CanMessageError where it cannot."""
    if msg.is_remote_frame or msg.is_error_frame or msg.is_fd or msg.is_xl:
        raise CanMessageError(
            "only a classic data frame can answer a remote frame", hint="is_remote_frame=False"
        )
    return msg
