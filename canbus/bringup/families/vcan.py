"""vcan: a link that is software. Made if it is not there, and then removed by `canbus down`."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from shlex import join

from canbus.backends.vcan.interface import MARK as BUS_MARK
from canbus.bringup.common_steps import Configure, Verify
from canbus.bringup.request import Request
from canbus.bringup.steps import Context, Step, Undo
from canbus.errors import CanLinkError
from canbus.link_info import CAN_MTU, CANFD_MTU, CANXL_MTU
from canbus.links.names import check_name

ALIAS = "made by canbus up: removed by canbus down"
"""On links that we made, so that no other is ever removed."""


def steps(request: Request, context: Context) -> list[Step]:
    """What it takes to have the link `request.name`, or `request.target`.

    Raises:
        CanLinkError: no link can have that name, or one of another kind has it.
    """
    context.link = check_name(request.name or request.target)
    there = context.find()
    if there is not None and there.kind != "vcan":
        raise CanLinkError(
            f"{there.name} is there, and no vcan but of kind {there.kind}",
            hint=f"to bring that up: canbus up {there.name}; or choose another name",
        )
    config = request.config
    mtu = CANXL_MTU if config.xl else CAN_MTU if config.fd is False else CANFD_MTU
    return [CreateVcan(context.link, mtu), Configure(config, request.strict, "vcan", mtu), Verify()]


@dataclass
class CreateVcan(Step):
    """Make the link, down; the module is loaded if need be."""

    name: str
    mtu: int

    def explain(self) -> str:
        """In words."""
        return f"make the virtual interface {self.name}"

    def commands(self, context: Context) -> list[str]:
        """For sh."""
        there = context.find()
        mark = ["ip", "link", "set", "dev", self.name, "alias", ALIAS]
        if there is not None:
            return [join(mark)] if there.alias == BUS_MARK else []
        load = [] if context.machine.has_module("vcan") else ["modprobe vcan"]
        words = ["ip", "link", "add", "dev", self.name, "mtu", str(self.mtu), "type", "vcan"]
        return [*load, join(words), join(mark)]

    def run(self, context: Context) -> Undo | None:
        """Do it."""
        machine = context.machine
        there = context.find()
        if there is not None:  # a bus has made it, and would take it away with itself
            machine.set_alias(there, ALIAS)
            return lambda: machine.set_alias(there, BUS_MARK)
        try:
            made = machine.create_vcan(self.name, fd=self.mtu >= CANFD_MTU, xl=self.mtu > CANFD_MTU)
        except CanLinkError as exc:
            if exc.error_code == errno.EEXIST and context.find() is not None:
                return None  # somebody else was faster, and whose it is is not ours to say
            raise

        def undo() -> None:
            machine.delete_link(self.name)

        try:  # the kernel passes over an alias in the request that makes a link
            machine.set_alias(made, ALIAS)
        except BaseException:
            undo()
            raise
        return undo
