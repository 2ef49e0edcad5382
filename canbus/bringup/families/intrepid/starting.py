"""The steps that only Intrepid's daemon needs: do module and daemon fit, and starting it.

It is run without any option, in the foreground, under a keeper: version 1 takes -D for the
background, later ones -d, and nobody sees what it says there.
"""

from __future__ import annotations

import signal
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from shlex import join, quote

from canbus.bringup import keepers
from canbus.bringup.care import Care, WantedLink
from canbus.bringup.daemon import DaemonEndedError, DaemonIdleError
from canbus.bringup.families.intrepid import daemon, messages, versions
from canbus.bringup.families.intrepid.channels import Choice
from canbus.bringup.families.intrepid.daemon import Pair
from canbus.bringup.families.intrepid.settings import split_never, split_timing
from canbus.bringup.keepers import Keeper
from canbus.bringup.machine import Machine
from canbus.bringup.services import FOREGROUND, is_placed, take_place
from canbus.bringup.steps import Context, Step, Undo
from canbus.errors import CanLinkError, CanTimeoutError
from canbus.link_config import LinkConfig
from canbus.link_info import LinkInfo

_SETTLED = 0.5  # seconds


@dataclass
class CheckPair(Step):
    """See whether module and daemon are of versions that work together."""

    pair: Pair

    def explain(self) -> str:
        """In words."""
        return "see whether Intrepid's module and daemon fit each other"

    def commands(self, context: Context) -> list[str]:
        """For sh: shows both versions."""
        ask = join([self.pair.program or daemon.NAMES[0], "--devices"])
        return [f"cat /sys/module/{daemon.MODULE}/version", f"{ask} | grep '^Daemon'"]

    def run(self, context: Context) -> None:
        """Do it; what cannot be read is left to the two themselves."""
        module, program = self.pair.read()
        if module is None or program is None:
            return
        why = versions.conflict(module, program)
        if why is not None:
            raise CanLinkError(why, hint=messages.BOTH_ANEW)


@dataclass
class StartDaemon(Step):
    """Start the daemon, under a keeper that sets its link up: now, and whenever it is back.

    In place of one that keeps another link, or the same one otherwise.

    Attributes:
        pair: with the daemon.
        choice: which link.
        config: how it shall be.
        patience: seconds until it must be there.
        stays: the keeper is to stay a child of this process.
    """

    pair: Pair
    choice: Choice
    config: LinkConfig
    patience: float
    stays: bool = False

    def explain(self) -> str:
        """In words."""
        return f"start Intrepid's daemon, {self._program}, and somebody who keeps it running"

    def commands(self, context: Context) -> list[str]:
        """For sh: there it is left alone."""
        stop = [f"canbus down {daemon.KEY}"] if keepers.find(daemon.KEY) else []
        words = " ".join(f"{name}={value}" for name, value in daemon.ENVIRONMENT.items())
        return [*stop, f"nohup env {words} {quote(self._program)} >/dev/null 2>&1 &"]

    def run(self, context: Context) -> Undo:
        """Do it."""
        return take_place(keepers.find(daemon.KEY), lambda: self._start(context))

    def care(self) -> Care:
        """What the keeper looks after."""
        config, _ = split_never(self.config)
        if not self.pair.sets_bitrate():  # nor known not to: ConfigureChannel looks at the link
            config, _ = split_timing(config, "")
        return Care(
            key=daemon.KEY,
            what="Intrepid device",
            program=(self._program,),
            links=(WantedLink(config=config, name=self.choice.name, alias=self.choice.pattern),),
            environment=dict(daemon.ENVIRONMENT),
            stop_signal=signal.SIGINT,
            patience=self.patience,
            facts={
                "family": "intrepid",
                "network": self.choice.network,
                FOREGROUND: self.stays,
            },
        )

    @property
    def _program(self) -> str:
        return self.pair.program or daemon.NAMES[0]

    def _start(self, context: Context) -> Keeper:
        try:
            keeper = keepers.start(self.care(), foreground=self.stays)
        except DaemonEndedError as exc:
            raise messages.failure(self._program, exc.status, exc.output) from exc
        except DaemonIdleError as exc:
            raise self._idle(context, exc.output) from exc
        try:
            context.link = self.choice.choose(self._all_there(context)).name
        except BaseException:
            keeper.stop()
            raise
        return keeper

    def _idle(self, context: Context, said: str) -> CanTimeoutError:
        """What to say where no link has come: what the daemon says of devices, if it does."""
        troubles = messages.troubles(said)
        pattern = self.choice.pattern
        made = [alias for alias in messages.made(said) if not fnmatchcase(alias, pattern)]
        text = (
            f"the interface{self.choice} of an Intrepid device did not appear within "
            f"{self.patience:g} s"
        )
        if troubles:
            text += f": the daemon says: {'; '.join(troubles)}"
        elif made:
            text += f": the device has {', '.join(made)}"
        hint = daemon.advice(context.machine, self.pair.program)
        if made:
            hint = f"say which: --network {made[0]}"
        return CanTimeoutError(text, hint=hint)

    def _all_there(self, context: Context) -> list[LinkInfo]:
        """All that may be meant; another device may come a moment later."""
        there: list[LinkInfo] = []

        def is_new(link: LinkInfo) -> bool:
            return self.choice.is_met(link) and link.index not in {each.index for each in there}

        with suppress(CanTimeoutError):
            while True:
                there.append(context.machine.wait_for_link(is_new, _SETTLED, "another device"))
        return there


def is_kept(keeper: Keeper, care: Care, link: str | None, machine: Machine) -> bool:
    """Whether a keeper has nothing to change for a link; also if it has others, left alone.

    Args:
        keeper: that runs.
        care: what it had to look after.
        link: that is there already; None if none is.
        machine: where.
    """
    if keeper.links and link not in keeper.links:
        return True  # it is at work for another network, and is not to be disturbed
    if not is_placed(keeper, machine, foreground=bool(care.facts.get(FOREGROUND))):
        return False
    wanted = dict(care.links[0].config.given())
    is_same = any(dict(mine.config.given()) == wanted for mine in keeper.care.links)
    return is_same if link is not None else keeper.care.includes(care)
