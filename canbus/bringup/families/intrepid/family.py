"""The steps for an Intrepid device, in order. What they know is in the files beside this one."""

from __future__ import annotations

from canbus.bringup import keepers
from canbus.bringup.common_steps import LoadModule, Verify, WaitForLink
from canbus.bringup.families.intrepid import daemon, messages
from canbus.bringup.families.intrepid.channels import Choice
from canbus.bringup.families.intrepid.daemon import Pair
from canbus.bringup.families.intrepid.settings import ConfigureChannel
from canbus.bringup.families.intrepid.starting import CheckPair, StartDaemon, is_kept
from canbus.bringup.request import Request
from canbus.bringup.services import refuse_service
from canbus.bringup.steps import Context, Step


def steps(request: Request, context: Context) -> list[Step]:
    """What it takes to bring a network of an Intrepid device up.

    No bit rate need be given: the device has one stored.

    Args:
        request: what is wanted; its options may have "network" and "foreground".
        context: of this bring-up.

    Raises:
        CanConfigError: a ValueError; which channel is not said, or the network is no name.
        CanLinkError: the daemon is not installed; a service keeps the link up otherwise.
    """
    machine = context.machine
    choice = Choice.of(request)
    keeper = keepers.find(daemon.KEY)
    there = [link for link in machine.list_links() if choice.is_met(link)]
    if there:
        context.link = choice.choose(there).name
    pair = Pair(machine, keeper.care.program[0] if keeper else None)
    found: list[Step] = []
    if keeper is None and not there and not daemon.is_running(machine):
        pair = Pair(machine, daemon.find_daemon(machine))
        found = [LoadModule(daemon.MODULE, messages.BUILD_MODULE), CheckPair(pair)]
    start = StartDaemon(
        pair=pair,
        choice=choice,
        config=request.config,
        patience=request.patience,
        stays=bool(request.options.get("foreground")),
    )
    if keeper is not None and not is_kept(keeper, start.care(), context.link, machine):
        refuse_service(keeper, machine)
        found.append(start)
    elif found:
        found.append(start)
    return [
        *found,
        WaitForLink(
            what=f"the interface{choice} of an Intrepid device",
            match=choice.is_met,
            choose=choice.choose,
            look=_look(choice),
            timeout=request.patience,
            advice=daemon.advice(machine, pair.program),
        ),
        ConfigureChannel(request.config, request.strict, why=pair.why_no_bitrate),
        Verify(),
    ]


def _look(choice: Choice) -> str:
    """For sh: print the link of that alias, or of that name."""
    return (
        f"for d in /sys/class/net/{choice.name or '*'}; do "
        f'grep -qsx \'{choice.expression}\' "$d/ifalias" && echo "${{d##*/}}" && break; done'
    )
