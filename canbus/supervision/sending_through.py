"""SendingThrough: the sending half of SupervisedBus: after a gap or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from canbus.errors import CanClosedError, CanError, CanLinkDownError, CanTxQueueFullError
from canbus.link_backed import LinkBacked
from canbus.message import Message
from canbus.receipt import SendReceipt
from canbus.supervision.gap import Gap
from canbus.supervision.loss import refuses
from canbus.supervision.recovering import Recovering
from canbus.waiting import Deadline

T = TypeVar("T")


class SendingThrough(Recovering):
    """Sends by the inner bus, while its channel is there."""

    def _prepare(self, msg: Message) -> Message:
        return self._inner._prepare(super()._prepare(msg))

    def _send_frame(self, msg: Message, timeout: float | None) -> None:
        if not isinstance(self._inner, LinkBacked):
            self._send_once(lambda left: self._inner.send(msg, left), Deadline(timeout))
            return
        # A link refuses a frame before it takes it: what is refused at once is sent after the
        # gap. One that had to wait for room is old by then, and who sends it is told.
        deadline = Deadline(timeout)
        while True:
            epoch = self._wait_for_channel(deadline)
            try:
                self._inner.send(msg, 0)
            except CanTxQueueFullError:
                if timeout == 0:
                    raise
                self._send_once(lambda left: self._inner.send(msg, left), deadline)
            except CanError as exc:
                if not refuses(exc):
                    raise self._or_closed(exc) from exc.__cause__
                self._supervisor.lost(exc, epoch=epoch)
                continue
            return

    def _send_frames(self, frames: Sequence[Message], timeout: float | None) -> None:
        self._send_once(lambda left: self._inner.send_many(frames, left), Deadline(timeout))

    def _send_confirmed(self, msg: Message, timeout: float | None) -> SendReceipt:
        return self._send_once(
            lambda left: self._inner.send(msg, left, confirm=True), Deadline(timeout)
        )

    def _send_by(
        self, msg: Message, timeout: float | None, confirm: bool, ttl: float
    ) -> SendReceipt | None:
        return self._send_once(
            lambda left: self._inner.send(msg, left, confirm=confirm, ttl=ttl), Deadline(timeout)
        )

    def _send_once(self, send: Callable[[float | None], T], deadline: Deadline) -> T:
        """Send after the gap, if there is one; once, as nobody knows what becomes of it."""
        epoch = self._wait_for_channel(deadline)
        try:
            return send(deadline.remaining())
        except CanError as exc:
            if not refuses(exc) and not self._is_replaced(exc, epoch):
                raise self._or_closed(exc) from exc.__cause__
            self._supervisor.lost(exc, epoch=epoch)
            error = self._under_way(exc)
            error.sent = exc.sent
            raise error from exc

    def _wait_for_channel(self, deadline: Deadline) -> int:
        """Wait until no gap lasts; returns how many there were."""
        supervisor = self._supervisor
        if supervisor.gap is not None and not supervisor.wait(deadline.remaining()):
            raise self._not_sent(supervisor.gap)
        return supervisor.epoch

    def _is_replaced(self, exc: CanError, epoch: int) -> bool:
        """Whether the inner bus was closed in a gap, rather than by the user."""
        return (
            isinstance(exc, CanClosedError)
            and not self._is_shutdown
            and epoch != self._supervisor.epoch
        )

    def _or_closed(self, exc: CanError) -> CanError:
        return self._closed() if self._is_shutdown else exc

    def _not_sent(self, gap: Gap | None) -> CanLinkDownError:
        why = "" if gap is None else f": {gap.error}"
        return CanLinkDownError(
            f"{self.channel_info}: nothing was sent, as the channel is lost{why}",
            hint="it is being had back; give a longer timeout, or wait for a Gap in bus.gaps",
        )

    def _under_way(self, exc: CanError) -> CanLinkDownError:
        return CanLinkDownError(
            f"{self.channel_info}: the channel was lost while a frame was on its way, which may "
            f"not have been sent, and will not be: {exc}",
            hint="send it again, if it is still worth it",
        )

    def flush_tx_buffer(self) -> None:
        """Discard frames that wait to be sent, where the backend can."""
        self._inner.flush_tx_buffer()
