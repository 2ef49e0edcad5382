"""The steps that every family of adapters uses: module, interface, set-up, a last look.

What a step is says steps.py; the machine is only touched through Context.machine.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from shlex import join, quote

from canbus.bringup.steps import UNKNOWN_LINK, Context, Step, Undo
from canbus.errors import CanConfigError, CanLinkError, CanLinkPermissionError, CanTimeoutError
from canbus.link_config import LinkConfig
from canbus.link_info import CAN_MTU, LinkInfo
from canbus.links.plan import Refusal, plan, settings_of, unsupported
from canbus.state import CanState

_SETTLED = 0.5  # seconds: the channels of one adapter appear within milliseconds


@dataclass
class LoadModule(Step):
    """Load a kernel module. It stays when the rest is undone: others may use it by then."""

    module: str
    advice: str = "is the kernel's package of extra modules installed?"

    def explain(self) -> str:
        """In words."""
        return f"load the kernel module {self.module}"

    def commands(self, context: Context) -> list[str]:
        """For sh."""
        if context.machine.has_module(self.module):
            return []
        return [join(["modprobe", self.module])]

    def run(self, context: Context) -> None:
        """Do it."""
        if not context.machine.has_capability("CAP_SYS_MODULE"):
            raise CanLinkPermissionError(
                f"cannot {self.explain()}: that needs CAP_SYS_MODULE",
                errno.EPERM,
                hint=f"sudo modprobe {self.module}, or run this with sudo",
            )
        problem = context.machine.load_module(self.module)
        if problem is not None:
            raise CanLinkError(f"cannot {self.explain()}: {problem}", hint=self.advice)


@dataclass
class LoadAnyModule(Step):
    """Load those of several modules that this kernel has: their hardware is yet to be seen."""

    modules: tuple[str, ...]

    def explain(self) -> str:
        """In words."""
        return f"load the kernel modules {', '.join(self.modules)}, as far as there are any"

    def commands(self, context: Context) -> list[str]:
        """For sh."""
        if any(context.machine.has_module(module) for module in self.modules):
            return []
        return [f"{join(['modprobe', module])} || :" for module in self.modules]

    def run(self, context: Context) -> None:
        """Do it."""
        problems = []
        for module in self.modules:
            try:
                LoadModule(module).run(context)
            except CanLinkPermissionError:
                raise
            except CanLinkError as exc:
                problems.append(exc)
        if len(problems) == len(self.modules):
            raise problems[0]


@dataclass
class WaitForLink(Step):
    """Wait until the kernel has made the interface, and learn its name.

    Args:
        what: that is waited for, in words.
        match: whether it may be the one.
        choose: the one of those that may be it; raises if that is not clear.
        look: for sh: a command that prints its name, or nothing yet.
        timeout: seconds.
        advice: what to check if it does not come.
    """

    what: str
    match: Callable[[LinkInfo], bool]
    choose: Callable[[list[LinkInfo]], LinkInfo]
    look: str
    timeout: float
    advice: str

    def explain(self) -> str:
        """In words."""
        return f"wait for {self.what}"

    def commands(self, context: Context) -> list[str]:
        """For sh."""
        if context.link is not None and context.find() is not None:
            return []
        turns = max(1, round(self.timeout * 10))
        give_up = f'{{ echo "{self.what} did not appear" >&2; break; }}'
        wait = f"i=$((i + 1)); [ $i -le {turns} ] || {give_up}; sleep 0.1"
        return [f'i=0; until LINK=$({self.look}); [ -n "{UNKNOWN_LINK}" ]; do {wait}; done']

    def run(self, context: Context) -> None:
        """Do it."""
        seen: set[int] = set()
        if not self._next(context, seen, self.timeout):
            raise CanTimeoutError(
                f"{self.what} did not appear within {self.timeout:g} s", hint=self.advice
            )
        while self._next(context, seen, _SETTLED):
            pass
        # Under the names that they have now: udev may have given them others.
        there = [link for link in context.machine.list_links() if link.index in seen]
        if not there:
            raise CanLinkError(f"{self.what} has gone again", hint=self.advice)
        context.link = self.choose(there).name

    def _next(self, context: Context, seen: set[int], timeout: float) -> bool:
        """Wait for one more; whether one came."""

        def is_new(link: LinkInfo) -> bool:
            return link.index not in seen and self.match(link)

        try:
            seen.add(context.machine.wait_for_link(is_new, timeout, self.what).index)
        except CanTimeoutError:
            return False
        return True


@dataclass
class Configure(Step):
    """Set the link up as wanted, and bring it up."""

    config: LinkConfig
    strict: bool = False
    kind: str | None = "can"
    mtu: int = CAN_MTU

    def explain(self) -> str:
        """In words."""
        given = [f"{name} {value}" for name, value in self.config.given() if name != "up"]
        return f"set the link up{' with ' if given else ''}{', '.join(given)}"

    def commands(self, context: Context) -> list[str]:
        """For sh."""
        link = self.before(context) or self._fresh(context)
        name = context.shell_name
        return [
            " ".join(name if word == link.name else quote(word) for word in step.command())
            for step in plan(link, self.config)
        ]

    def before(self, context: Context) -> LinkInfo | None:
        """The link as this step will find it; None if it is made anew until then."""
        return context.find()

    def _fresh(self, context: Context) -> LinkInfo:
        """One as it comes out of the box."""
        return LinkInfo(context.link or UNKNOWN_LINK, 0, self.kind, is_up=False, mtu=self.mtu)

    def refusals(self, context: Context) -> list[Refusal]:
        """What is known beforehand not to be taken."""
        return list(unsupported(context.find() or self._fresh(context), self.config))

    @property
    def tells_itself(self) -> bool:
        """Only afterwards is known which settings the driver took."""
        return True

    def is_done(self, context: Context) -> bool:
        """Whether there is nothing to do."""
        link = context.find()
        if link is None:
            return False
        refused = unsupported(link, self.config)
        return not refused and not plan(link, self.config)

    def run(self, context: Context) -> Undo | None:
        """Do it."""
        name = context.link or ""  # WaitForLink comes before, or it was there
        applied = context.machine.apply(name, self.config, strict=self.strict)
        context.refused += applied.refused
        for step in applied.steps:
            context.tell(step.explain())
        before = settings_of(applied.before)

        def undo() -> None:
            context.machine.apply(name, before, strict=False)

        return undo if applied.steps else None


@dataclass
class Verify(Step):
    """Look whether the link really is up, and not off the bus at once."""

    def explain(self) -> str:
        """In words."""
        return "verify that it is up"

    def commands(self, context: Context) -> list[str]:
        """For sh."""
        if self.is_done(context):
            return []
        return [f"ip -details -statistics link show dev {context.shell_name}"]

    def is_done(self, context: Context) -> bool:
        """Whether there is nothing to do."""
        link = context.find()
        return link is not None and link.is_up and not _is_stuck(link)

    def run(self, context: Context) -> None:
        """Do it."""
        link = context.find()
        if link is None:
            raise CanLinkError(f"{context.link} vanished while it was set up")
        if not link.is_up:
            raise CanLinkError(f"{link.name} went down again: somebody else manages it, too")
        if _is_stuck(link):
            raise CanLinkError(
                f"{link.name} is up, but bus-off",
                hint="another bit rate on the bus, or CAN_H and CAN_L swapped or shorted; then "
                f"`canbus restart {link.name}`",
            )


def _is_stuck(link: LinkInfo) -> bool:
    """Bus-off, and it does not come back by itself."""
    return link.state is CanState.BUS_OFF and not link.restart_ms


def need_bitrate(config: LinkConfig, what: str) -> None:
    """Refuse to bring up a fresh controller without a bit rate.

    Raises:
        CanConfigError: a ValueError; neither a bit rate nor segments are given.
    """
    if config.bitrate is None and config.tq is None:
        raise CanConfigError(
            f"{what} has no bit rate yet", hint="give one: --bitrate 500k is the commonest"
        )
