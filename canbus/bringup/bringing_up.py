"""bring_up(): which family a request is for, and having its steps done. No family's facts here."""

from __future__ import annotations

from collections.abc import Callable

from canbus.bringup.execution import Outcome, execute, shell_lines
from canbus.bringup.families import gs_usb, kvaser, native, pcan, pihat, vcan
from canbus.bringup.machine import Machine
from canbus.bringup.request import Request
from canbus.bringup.steps import Context, Report, Step
from canbus.errors import CanConfigError, CanLinkError
from canbus.links.names import check_name
from canbus.links.plan import Refusal

_ADAPTERS = (pcan.FAMILY, gs_usb.FAMILY, kvaser.FAMILY, pihat.FAMILY)
_BY_NAME = {family.name: family for family in _ADAPTERS}

FAMILIES = {
    "pcan": "PEAK PCAN: USB, PCI, PCI Express",
    "gs_usb": "candleLight, CANable with that firmware",
    "kvaser": "Kvaser: USB, PCI, PCI Express",
    "pihat": "Raspberry Pi HATs with MCP2515 or MCP2517/8FD",
    "serial": "serial adapters, through slcand",
    "intrepid": "Intrepid ValueCAN, neoVI, through their daemon",
    "vcan": "a virtual interface",
}
"""What `Request.target` may be beside the name of a link."""

_OPTIONS = {
    "serial": frozenset({"tty_baudrate", "probe", "foreground"}),
    "intrepid": frozenset({"network", "foreground"}),
}
"""What `Request.options` may have, for each family that understands any."""

_ALIASES = {"candlelight": "gs_usb", "slcan": "serial", "mcp2515": "pihat", "mcp251xfd": "pihat"}


def bring_up(
    request: Request, report: Report = lambda line: None, machine: Machine | None = None
) -> Outcome:
    """Bring an adapter or link up; what is so already is left alone.

    Args:
        request: what shall be brought up.
        report: called with what is done, in words.
        machine: where; None for this one.

    Raises:
        CanConfigError: a ValueError; the request makes no sense, or lacks something.
        CanLinkError: a step failed; those before it were undone.
        CanLinkPermissionError: a PermissionError; a right is missing, it says which.
        CanTimeoutError: the interface did not appear.
        CanUnsupportedError: not Linux.
    """
    context = Context(machine or Machine(), report=report)
    return execute(_steps(request, context), context)


def commands_for(
    request: Request,
    machine: Machine | None = None,
    refused: Callable[[Refusal], None] = lambda refusal: None,
) -> list[str]:
    """What `bring_up` would do now, as lines for sh; nothing is done.

    Args:
        request: what shall be brought up.
        machine: where; None for this one.
        refused: called with each setting that is known not to be taken.

    Raises:
        CanConfigError: as `bring_up`.
        CanLinkError: as `bring_up`, where it can be known without doing anything.
    """
    context = Context(machine or Machine())
    lines = shell_lines(_steps(request, context), context)
    for refusal in context.refused:
        if request.strict:
            raise CanLinkError(f"{context.link}: no {refusal.setting}: {refusal.why}")
        refused(refusal)
    return lines


def _steps(request: Request, context: Context) -> list[Step]:
    name = family_name(request.target, context)
    _check_names(request, name)
    unknown = sorted(set(request.options) - _OPTIONS.get(name, frozenset()))
    if unknown:
        takers = [taker for taker, names in _OPTIONS.items() if unknown[0] in names]
        raise CanConfigError(
            f"{unknown[0]} means nothing for {request.target}",
            hint=f"it is for {' and '.join(takers)}" if takers else "leave it out",
        )
    if name != "serial" and request.port is not None:
        raise CanConfigError(
            f"{request.target} has no serial port to name, but {request.port} was given",
            hint="leave the second word out"
            if not request.port.startswith("/dev/")
            else f"for a serial adapter: canbus up serial {request.port}",
        )
    if name in _BY_NAME:
        return _BY_NAME[name].steps(request, context)
    if name == "native":
        return native.steps(request, context, _ADAPTERS)
    if name == "serial":
        from canbus.bringup.families.serial import steps as serial_steps

        return serial_steps(request, context)
    if name == "intrepid":
        from canbus.bringup.families.intrepid import steps as intrepid_steps

        return intrepid_steps(request, context)
    return vcan.steps(request, context)


def _check_names(request: Request, family: str) -> None:
    for name in (request.name, request.target if family in {"native", "vcan"} else None):
        if name is not None:
            try:
                check_name(name)
            except CanLinkError as exc:
                raise CanConfigError(str(exc), hint=exc.hint) from exc
    if family == "native" and request.name not in {None, request.target}:
        raise CanConfigError(
            f"{request.target} is the name of an interface, and --name says {request.name}",
            hint=f"canbus up {request.name}, or canbus up {request.target}",
        )


def family_name(target: str, context: Context) -> str:
    """The family that a target names; "native" for a link."""
    name = _ALIASES.get(target.lower(), target.lower().replace("-", "_"))
    if name in FAMILIES:
        return name
    there = {link.name: link for link in context.machine.list_links()}
    kind = there[target].kind if target in there else None
    if kind == "vcan" or (target not in there and target.startswith("vcan")):
        return "vcan"
    return "native"
