"""Keeping: the loop of a keeper. A daemon runs, and its links are up as wanted, come what may.

An adapter that is unplugged takes its link with it, but slcand lives on and holds the dead port,
so that the adapter would come back under another number: the daemon is ended at once, and started
anew when the adapter is back. Everything that this touches is handed in; processes, signals and
files are keeper.py's.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from canbus.bringup.care import Care, Question, WantedLink
from canbus.bringup.daemon import Daemon, DaemonIdleError
from canbus.bringup.machine import Machine
from canbus.bringup.serial_adapter import ask_adapter, is_attached
from canbus.bringup.wakeups import Wakeups
from canbus.errors import CanChannelNotFoundError, CanError, CanLinkError
from canbus.link_info import LinkInfo

_LOOK = 0.2
"""Seconds between two looks whether the adapter is back: a few files of sysfs."""
_SETTLED = 0.05
"""Seconds for slcand to rename the link, be it to the name that it has: while it is up, the kernel
refuses that (EBUSY of dev_change_name, net/core/dev.c)."""
_LONGEST_PAUSE = 5.0
"""Seconds between two attempts with an adapter that is there and does not work."""
_ELSEWHERE = 1.0
"""Seconds between two looks whether an adapter is there whose link is in another namespace."""
_DYING = 1.0
"""Seconds that a daemon may take to be dead after its link is: where the port is still there, it
was not unplugged, and the daemon knows why it ended."""
_SOUND = 10.0
"""Seconds after which a daemon that ends counts as one that had worked."""

Say = Callable[[str], None]


class Keeping:
    """One care, taken.

    Args:
        care: what is looked after.
        machine: where.
        wakeups: what to wait for.
        say: takes a line for the log.
        changed: called with the names of the links and the daemon's process number, whenever
            they are others.
        start: starts a daemon.
        ask: asks an adapter whether it works.
        is_attached: tells whether a port still feeds a link.
        clock: seconds.
    """

    def __init__(
        self,
        care: Care,
        machine: Machine,
        wakeups: Wakeups,
        say: Say,
        changed: Callable[[list[str], int | None], None] = lambda *_: None,
        *,
        start: Callable[..., Daemon] = Daemon,
        ask: Callable[[str, Question], None] = ask_adapter,
        is_attached: Callable[[str], bool] = is_attached,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._care = care
        self._machine = machine
        self._wakeups = wakeups
        self._say = say
        self._changed = changed
        self._start = start
        self._ask = ask
        self._is_attached = is_attached
        self._clock = clock
        self._daemon: Daemon | None = None
        self._links: dict[int, str] = {}  # that are set up: {index: name}
        self._is_elsewhere = False  # the link, in another network namespace
        self._aliases: dict[WantedLink, str | None] = {}  # of the link that each has got
        self._since = 0.0
        self._pause = 0.0
        self._told = ""

    def run(self, ready: Callable[[], None], *, is_asked: bool = False) -> None:
        """Bring it up, and keep it up until told to stop.

        Args:
            ready: called once, when it is up.
            is_asked: the adapter has just been asked.

        Raises:
            CanError: it cannot be brought up the first time. Nothing is left behind.
        """
        try:
            self._bring_up(is_asked=is_asked)
            if not self._wakeups.is_over:
                ready()
            while not self._wakeups.is_over:
                trouble = self._watch()
                if trouble:
                    self._say(trouble)
                    self._let_go()
                    self._recover()
        finally:
            self._let_go()

    # -- bringing up --------------------------------------------------------------------

    def _bring_up(self, *, is_asked: bool = False) -> None:
        care = self._care
        port = None
        if care.port is not None:
            port = care.port.find()
            if port is None:
                raise CanChannelNotFoundError(f"{care.what} is not there")
            self._check_names()
            if care.question is not None and not is_asked:
                self._ask(port, care.question)
        self._daemon = self._start(care.program_at(port), care.environment, care.stop_signal)
        self._since = self._clock()
        self._changed([], self._daemon.pid)
        self._wait_for_links()
        names = ", ".join(sorted(self._links.values()))
        where = f" on {port}" if port else ""
        if names:
            self._say(f"{names} is up: {self._daemon.name} (process {self._daemon.pid}){where}")

    def _check_names(self) -> None:
        """While an adapter was away, the kernel may have given its name to another one."""
        taken = self._machine.interface_names()
        for wanted in self._care.links:
            if wanted.name in taken:
                raise CanLinkError(f"{wanted.name} is the name of another interface now")

    def _wait_for_links(self) -> None:
        deadline = self._clock() + self._care.patience
        while not self._wakeups.is_over:
            self._check_daemon()
            if self._care.port is not None and self._is_named_one_there():
                self._rest(_SETTLED)
            if self._set_up_new_links():
                return
            left = deadline - self._clock()
            if left <= 0:
                raise self._idle_error()
            self._wait(min(left, _LOOK))

    def _is_named_one_there(self) -> bool:
        there = self._machine.interface_names()
        return any(wanted.name in there for wanted in self._care.links)

    def _idle_error(self) -> DaemonIdleError:
        names = " and ".join(str(one.name or one.alias) for one in self._care.links)
        error = DaemonIdleError(
            f"{self._name} runs, but there is no interface {names} after {self._care.patience:g} s"
        )
        error.output = "" if self._daemon is None else self._daemon.listen()
        return error

    def _check_daemon(self) -> None:
        if self._daemon is not None and not self._daemon.is_running():
            raise self._daemon.failure()

    def _set_up_new_links(self) -> bool:
        """Set up those that have appeared; whether all wanted ones are there."""
        there = self._machine.list_links()
        is_complete = True
        for wanted in self._care.links:
            mine = next((link for link in there if self._is_it(wanted, link)), None)
            is_complete = is_complete and mine is not None
            if mine is not None and mine.index not in self._links:
                self._machine.apply(mine.name, wanted.config_for(mine), strict=False)
                self._verify(mine)
                self._links[mine.index] = mine.name
                self._aliases[wanted] = mine.alias
                self._tell()
        return is_complete

    def _is_it(self, wanted: WantedLink, link: LinkInfo) -> bool:
        """Where a pattern is wanted, the first that fits stays the one: others are strangers."""
        return wanted.is_it(link) and (
            wanted.alias is None or self._aliases.get(wanted, link.alias) == link.alias
        )

    def _verify(self, link: LinkInfo) -> None:
        now = [each for each in self._machine.list_links() if each.index == link.index]
        if not now:
            raise CanLinkError(f"{link.name} vanished while it was set up")
        if not now[0].is_up:
            raise CanLinkError(f"{link.name} went down again: somebody else manages it, too")

    # -- looking after it ---------------------------------------------------------------

    def _watch(self) -> str:
        """Wait until something is wrong, and say what; "" if it is over."""
        while not self._wakeups.is_over:
            if self._daemon is not None and not self._daemon.is_running():
                return f"{self._daemon.failure()}"
            try:
                gone = self._forget_gone_links()
            except CanError as exc:  # a look that failed says nothing of the links
                self._say_once(str(exc))
                self._wait(_LOOK)
                continue
            if self._care.port is not None:
                if (gone or self._is_elsewhere) and (loss := self._loss()):
                    return loss
                self._is_elsewhere = self._is_elsewhere or gone
                self._wait(_ELSEWHERE if self._is_elsewhere else None)
            else:
                is_well = self._welcome_new_links()
                self._wait(None if is_well else _LONGEST_PAUSE)
        return ""

    def _loss(self) -> str:
        """Why a link is gone; "" if it was moved to another network namespace, for a container."""
        port = self._care.port.find() if self._care.port is not None else None
        if port is not None and self._is_attached(port):
            return ""
        deadline = self._clock() + _DYING
        while not self._wakeups.is_over:
            if self._daemon is not None and not self._daemon.is_running():
                return str(self._daemon.failure())
            if self._is_away() or self._clock() >= deadline:
                break
            self._wait(_LOOK)
        return f"the {self._care.what} was unplugged"

    def _forget_gone_links(self) -> bool:
        """Whether there were any."""
        there = {link.index for link in self._machine.list_links()}
        gone = sorted(name for index, name in self._links.items() if index not in there)
        if gone:
            self._say(f"{', '.join(gone)} is gone")
            self._links = {i: name for i, name in self._links.items() if i in there}
            self._tell()
        return bool(gone)

    def _welcome_new_links(self) -> bool:
        """Set up those that the daemon has made by itself; whether that went well."""
        before = set(self._links)
        try:
            self._set_up_new_links()
        except CanError as exc:
            self._say_once(str(exc))
            return False
        new = sorted(name for index, name in self._links.items() if index not in before)
        if new:
            self._told = ""
            self._say(f"{', '.join(new)} is up")
        return True

    def _recover(self) -> None:
        """Bring it up again, as soon as the adapter is there and works."""
        self._told = ""
        if self._clock() - self._since > _SOUND:
            self._pause = 0.0
        while self._daemon is None and not self._wakeups.is_over:
            self._rest(max(self._pause, _LOOK))
            if self._is_away():
                self._pause = 0.0
                self._wakeups.wait(_LOOK)
            elif not self._wakeups.is_over:
                self._pause = min(2 * max(self._pause, _LOOK), _LONGEST_PAUSE)
                self._try_again()

    def _try_again(self) -> None:
        try:
            self._bring_up()
        except CanError as exc:
            self._let_go()
            self._say_once(str(exc))

    def _say_once(self, trouble: str) -> None:
        """One line for each trouble, however often it is met."""
        if trouble != self._told:
            self._told = trouble
            self._say(f"{trouble}; trying again")

    def _is_away(self) -> bool:
        return self._care.port is not None and self._care.port.find() is None

    def _rest(self, seconds: float) -> None:
        """Pause, but not after the adapter was unplugged: it is to be back in time."""
        deadline = self._clock() + seconds
        while not self._wakeups.is_over and (left := deadline - self._clock()) > 0:
            if self._is_away():
                return
            self._wakeups.wait(min(left, _LOOK))

    # -- helpers ------------------------------------------------------------------------

    @property
    def _name(self) -> str:
        return self._daemon.name if self._daemon is not None else "the daemon"

    def _wait(self, timeout: float | None) -> None:
        if self._daemon is None:
            self._wakeups.wait(timeout)
            return
        self._wakeups.wait(timeout, self._daemon.descriptors)
        self._daemon.listen()

    def _tell(self) -> None:
        pid = None if self._daemon is None else self._daemon.pid
        self._changed(sorted(self._links.values()), pid)

    def _let_go(self) -> None:
        daemon, self._daemon = self._daemon, None
        self._links = {}
        self._is_elsewhere = False
        if daemon is not None:
            daemon.end()
            self._tell()
