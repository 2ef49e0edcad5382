"""detect_bitrate(): the order of things. What each of them is has a file of its own.

The one rule: the link is never brought up unless the kernel says that it only listens, and at
the bit rate that was asked for.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from canbus.bringup.detect.candidates import Impossible, choose, is_near
from canbus.bringup.detect.evidence import Evidence
from canbus.bringup.detect.guarding import restored
from canbus.bringup.detect.judging import Verdict, judge
from canbus.bringup.detect.listening import listen
from canbus.bringup.detect.refusing import alone, refuse
from canbus.bringup.detect.restoring import Old
from canbus.bringup.detect.tuning import tune
from canbus.bringup.detect.words import found_nothing, say_heard, say_impossible
from canbus.errors import CanConfigError
from canbus.link_info import LinkInfo
from canbus.links.names import check_name
from canbus.links.reading import read_link

DWELL = 1.0
TIMEOUT = 30.0

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """What was found out.

    Attributes:
        channel: name of the link.
        bitrate: bit/s; None if no rate has proved right.
        heard: what was heard, and what it was taken for; a visit each, in order.
        impossible: rates that the controller cannot do.
        untried: rates for which there was no time.
        hint: what to do if there is no bit rate.
    """

    channel: str
    bitrate: int | None
    heard: tuple[tuple[Evidence, Verdict], ...]
    impossible: tuple[Impossible, ...] = ()
    untried: tuple[int, ...] = ()
    hint: str | None = None


def detect_bitrate(
    channel: str,
    *,
    bitrates: Iterable[int] | None = None,
    dwell: float = DWELL,
    timeout: float = TIMEOUT,
    rounds: int | None = None,
    report: Report | None = None,
) -> Detection:
    """Find the bit rate of a bus on which others talk, without disturbing them.

    A link that is up is first listened to as it is; if that is the right rate, nothing is changed.
    Otherwise it is taken down and listens at one rate after the other, in listen-only mode; its
    other users hear nothing of sense meanwhile. At the end it is as it was, also after an
    error or Ctrl-C; and if this process is killed, another one sees to that. Classic CAN:
    with frames of CAN FD only, none of the rates seems right.

    Args:
        channel: name of the link ("can0").
        bitrates: bit/s, tried in this order; None: `COMMON_BITRATES`, and what the link has now.
        dwell: seconds at each rate where nothing is heard; each further round doubles them.
        timeout: seconds after which the search ends.
        rounds: how many times each rate is tried at most; None: until the time is up.
        report: called with what was heard, in words, a line for each rate.

    Raises:
        CanLinkNotFoundError: a LookupError; there is no interface of that name.
        CanUnsupportedError: it has no bit rate, or its driver has no listen-only mode.
        CanLinkPermissionError: a PermissionError; no CAP_NET_ADMIN. Nothing was touched.
        CanLinkError: something else keeps it up; or the kernel refused; or it could not be put
            back.
        CanConfigError: a ValueError; an argument makes no sense.
        CanChannelNotFoundError: it was unplugged meanwhile.
        CanLinkDownError: somebody else has taken it down meanwhile.
    """
    for name, value in (("dwell", dwell), ("timeout", timeout)):
        if not (math.isfinite(value) and value > 0):
            raise CanConfigError(f"{name}={value!r} is no number of seconds above 0")
    if rounds is not None and rounds < 1:
        raise CanConfigError(f"rounds={rounds!r} is not 1 or more")
    link = read_link(check_name(channel))
    refuse(link)
    with alone(link) as lock:
        link = read_link(channel)  # what another search has changed is put back by now
        search = _Search(link, bitrates, dwell, timeout, report or (lambda line: None))
        return search.run(lock, math.inf if rounds is None else rounds)


class _Search:
    """One search on one link, as it was before."""

    def __init__(
        self,
        link: LinkInfo,
        bitrates: Iterable[int] | None,
        dwell: float,
        timeout: float,
        report: Report,
    ) -> None:
        chosen = choose(link, bitrates)
        self._link = link
        self._open = list(chosen.bitrates)
        self._impossible = list(chosen.impossible)
        self._heard: list[tuple[Evidence, Verdict]] = []
        self._dwell = dwell
        self._deadline = time.monotonic() + timeout
        self._report = report
        for one in chosen.impossible:
            report(say_impossible(one))

    def run(self, lock: int, rounds: float) -> Detection:
        """Search; `lock` says that nobody else does."""
        bitrate = self._as_it_is()
        if bitrate is None and self._open:
            with restored(Old.of(self._link), lock):
                bitrate = self._search(rounds)
        tried = {evidence.bitrate for evidence, _ in self._heard}
        untried = tuple(one for one in self._open if one not in tried)
        return Detection(
            channel=self._link.name,
            bitrate=bitrate,
            heard=tuple(self._heard),
            impossible=tuple(self._impossible),
            untried=untried,
            hint=None if bitrate is not None else found_nothing(self._link, self._heard, untried),
        )

    def _as_it_is(self) -> int | None:
        """The rate that the link has, if it is up and that one is right."""
        link = self._link
        if not (link.is_up and self._open and self._open[0] == self._nominal(link.bitrate)):
            return None
        bitrate = self._open[0]
        verdict = self._hear(link, bitrate, is_fresh=False)
        if verdict is Verdict.WRONG:
            self._open.remove(bitrate)
        return bitrate if verdict is Verdict.RIGHT else None

    def _nominal(self, real: int | None) -> int | None:
        return next((one for one in self._open if real is not None and is_near(real, one)), None)

    def _search(self, rounds: float) -> int | None:
        while self._open and rounds >= 1 and not self._is_late():
            rounds -= 1
            for bitrate in tuple(self._open):
                if self._is_late():
                    break
                if self._visit(bitrate) is Verdict.RIGHT:
                    return bitrate
            self._dwell *= 2
        return None

    def _visit(self, bitrate: int) -> Verdict | None:
        tuned = tune(self._link, bitrate)
        if isinstance(tuned, Impossible):
            self._open.remove(bitrate)
            self._impossible.append(tuned)
            self._report(say_impossible(tuned))
            return None
        verdict = self._hear(tuned, bitrate, is_fresh=True)
        if verdict is Verdict.WRONG:
            self._open.remove(bitrate)
        return verdict

    def _hear(self, link: LinkInfo, bitrate: int, *, is_fresh: bool) -> Verdict:
        dwell = self._dwell

        def is_enough(so_far: Evidence) -> bool:
            return judge(so_far, dwell) is not Verdict.OPEN or self._is_late()

        evidence = listen(link, bitrate, is_enough, is_fresh=is_fresh)
        verdict = judge(evidence, dwell)
        self._heard.append((evidence, verdict))
        self._report(say_heard(evidence, verdict))
        return verdict

    def _is_late(self) -> bool:
        return time.monotonic() >= self._deadline
