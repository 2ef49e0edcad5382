"""Answers: what was sent to the adapter and may be answered, in order.

The adapter answers in the order of what it was sent, and says nothing of most else. So an
answer belongs to the first that it fits, and those before it were passed over in silence.
Nothing is sent or read here.
"""

from __future__ import annotations

from collections import deque
from enum import Enum

from canbus.codecs.lawicel import Malformed, Reply, ReplyKind


class Outcome(Enum):
    """What became of something that was sent."""

    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"
    """BEL."""
    SILENT = "silent"
    """Later ones were answered, or the time was up."""


_OK, _SENT, _REFUSED = ReplyKind.OK, ReplyKind.SENT, ReplyKind.REFUSED
_QUERIES = {
    "V": ReplyKind.VERSION,
    "v": ReplyKind.FIRMWARE,
    "N": ReplyKind.SERIAL,
    "F": ReplyKind.STATUS,
}


_MOST_FORESEEN = 64  # of an adapter that answers nothing, none is ever taken out
_FAILED = frozenset({Outcome.REFUSED, Outcome.SILENT})
_SOME_HAVE = {"V": (ReplyKind.TEXT,), "v": (ReplyKind.VERSION,)}
"""Answers of a form that only some firmwares have."""


class Asked:
    """One line that was sent, and its answer.

    Args:
        word: the command without its CR; for a frame "".
        frame: the frame's line.
        due_ns: monotonic time by which a frame is answered, or its answer is lost.

    Attributes:
        outcome: what became of it.
        answer: the text of the answer.
        is_watched: who sent it waits for the answer, and so needs not to be told otherwise.
        is_free_text: it has a form of its own, so that anything may have sent it.
    """

    __slots__ = ("answer", "due_ns", "frame", "is_free_text", "is_watched", "outcome", "word")

    def __init__(self, word: str, frame: bytes = b"", due_ns: int = 0) -> None:
        self.word = word
        self.frame = frame
        self.due_ns = due_ns
        self.outcome = Outcome.PENDING
        self.answer = ""
        self.is_free_text = False
        self.is_watched = False

    @property
    def is_pending(self) -> bool:
        """Nothing is known yet."""
        return self.outcome is Outcome.PENDING

    @property
    def is_answered(self) -> bool:
        """It was obeyed or refused."""
        return self.outcome in {Outcome.DONE, Outcome.REFUSED}

    @property
    def text(self) -> str:
        """What was answered to a question; "" if it was refused, or nothing came."""
        return self.answer if self.outcome is Outcome.DONE else ""

    def fits(self, reply: Reply) -> bool:
        """Whether this may be the answer."""
        kind = reply.kind
        if kind is _REFUSED:
            return True
        if self.frame:
            return kind is _OK or kind is _SENT
        wanted = _QUERIES.get(self.word)
        if wanted is not None:
            return kind is wanted or kind in _SOME_HAVE.get(self.word, ())
        return kind is _OK


class Answers:
    """Everything that waits for its answer. The caller locks.

    Attributes:
        unasked: answers to nothing that was sent.
        foreseen: commands that were sent and are not awaited, but may be answered.
        bel_is_bus_error: BEL that nobody asked for is no refusal.
        unasked_refusals: BEL among them: something was refused, and nothing says what.
        lost: frames that were passed over in silence.
        refused: frames that the adapter refused.
    """

    def __init__(self) -> None:
        self._waiting: deque[Asked] = deque()
        self._untold: deque[Asked] = deque()
        self.frames_waiting = 0
        self.unasked = 0
        self.unasked_refusals = 0
        self.foreseen: deque[str] = deque(maxlen=_MOST_FORESEEN)
        self.bel_is_bus_error = False
        self.lost = 0
        self.refused = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def expect(self, asked: Asked) -> None:
        """It was sent just now."""
        self._waiting.append(asked)
        self.frames_waiting += bool(asked.frame)

    def take(self, reply: Reply) -> None:
        """An answer came."""
        for asked in self._waiting:
            if asked.fits(reply):
                break
        else:
            self.unasked += 1
            word = self._foreseen_word(reply.kind)
            if reply.kind is _REFUSED and word not in {"V", "C"} and not self.bel_is_bus_error:
                self.unasked_refusals += 1
            return
        while (passed_over := self._waiting[0]) is not asked:
            self.give_up(passed_over)
        refused = reply.kind is _REFUSED
        asked.answer = reply.line.decode("ascii", "replace")
        asked.is_free_text = reply.kind is ReplyKind.TEXT
        self._settle(asked, Outcome.REFUSED if refused else Outcome.DONE)

    def _foreseen_word(self, kind: ReplyKind) -> str | None:
        """Which of the commands that nobody awaits is answered; None if it is none of them."""
        if kind is ReplyKind.SENT:
            return None
        if kind is _OK and self.foreseen and self.foreseen[0] == "V":
            self.foreseen.popleft()  # it was passed over: that is no answer to a question
        return self.foreseen.popleft() if self.foreseen else None

    def take_text(self, bad: Malformed) -> bool:
        """A line that means nothing; it may be what a firmware of its own answers to `V`."""
        text = bad.line.strip()
        head = next((asked for asked in self._waiting if asked.word == "V"), None)
        if head is None or not text.isascii() or not text.decode().isprintable():
            return False
        if not _has_a_word(text):
            return False  # the rest of a frame, say
        self.take(Reply(ReplyKind.TEXT, text))
        return True

    def give_up(self, asked: Asked) -> None:
        """It gets no answer any more, if it was sent at all."""
        if asked in self._waiting:
            self._settle(asked, Outcome.SILENT)

    def retract(self, asked: Asked) -> None:
        """It was not sent after all."""
        self._waiting.remove(asked)
        self.frames_waiting -= bool(asked.frame)

    def next_due_ns(self) -> int | None:
        """When the answer to the first frame is lost; None if no frame waits."""
        for asked in self._waiting:
            if asked.frame:
                return asked.due_ns
        return None

    def has_due(self, now_ns: int) -> bool:
        """Whether a frame should have been answered by now."""
        due_ns = self.next_due_ns() if self.frames_waiting else None
        return due_ns is not None and due_ns <= now_ns

    def expire(self, now_ns: int) -> None:
        """Give up the frames that should have been answered by now."""
        while self.has_due(now_ns):
            self.give_up(next(a for a in self._waiting if a.frame))

    def forget_all(self) -> None:
        """Nothing of what was sent until now is answered any more."""
        for asked in list(self._waiting):
            self.give_up(asked)

    def first_failure(self) -> Asked | None:
        """The first frame that was refused or not answered, and of which nobody was told."""
        return self._untold.popleft() if self._untold else None

    def unwatch(self, asked: Asked) -> None:
        """Who sent it waits no more: if it fails, or has failed, the next one is told."""
        asked.is_watched = False
        if asked.outcome in _FAILED:
            self._untold.append(asked)

    def all_are_told(self) -> None:
        """Something worse was told."""
        self._untold.clear()

    @property
    def untold(self) -> int:
        """Frames that failed, and of which nobody was told."""
        return len(self._untold)

    def _settle(self, asked: Asked, outcome: Outcome) -> None:
        asked.outcome = outcome
        self._waiting.remove(asked)
        if not asked.frame:
            return
        self.frames_waiting -= 1
        if outcome is Outcome.DONE:
            return
        if not asked.is_watched:
            self._untold.append(asked)
        if outcome is Outcome.REFUSED:
            self.refused += 1
        else:
            self.lost += 1


def _has_a_word(text: bytes) -> bool:
    """It has something that is no hex digit, so that it is no piece of a frame."""
    return len(text) > 3 and not all(byte in b"0123456789ABCDEFabcdef" for byte in text)
