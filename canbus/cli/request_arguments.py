"""The arguments of `canbus up` and `canbus persist`: target, name, settings.

How long to wait and whether to ask the adapter is for `up` alone, and stands there.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from canbus.cli.link_arguments import add_link_arguments, link_config

if TYPE_CHECKING:
    from canbus.bringup import Request

TARGETS = """TARGET is the name of an interface (can0), or a family of adapters:
  pcan       PEAK PCAN: USB, PCI, PCI Express
  gs_usb     candleLight, CANable with that firmware
  kvaser     Kvaser: USB, PCI, PCI Express
  pihat      Raspberry Pi HATs with MCP2515 or MCP2517/8FD
  serial     serial adapters, through slcand: canbus {command} serial /dev/ttyACM0
  intrepid   Intrepid ValueCAN, neoVI, through their daemon
  vcan0      a virtual interface of that name
"""


def add_request_arguments(parser: argparse.ArgumentParser, **target: Any) -> None:
    """TARGET, PORT, --name, and how the link shall be.

    Args:
        parser: of the subcommand.
        target: more for `add_argument` of TARGET.
    """
    parser.add_argument(
        "target", metavar="TARGET", help="an interface, or a family of adapters", **target
    )
    parser.add_argument("port", metavar="PORT", nargs="?", help="the serial port (serial only)")
    parser.add_argument("--name", metavar="NAME", help="of the interface")
    add_link_arguments(parser)


def add_family_arguments(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """What one family alone understands; the group of serial adapters, for more."""
    serial = parser.add_argument_group("serial adapters")
    serial.add_argument(
        "--tty-baudrate", metavar="N", type=int, help="bit/s of the serial line; USB needs none"
    )
    intrepid = parser.add_argument_group("Intrepid")
    intrepid.add_argument("--network", metavar="NAME", help="of the device: hscan, mscan, ...")
    return serial


def request_of(
    args: argparse.Namespace, timeout: float | None = None, **options: object
) -> Request:
    """What the arguments ask for.

    Args:
        args: as parsed.
        timeout: of the request.
        options: what one family alone understands, beside what is here; None is not given.

    Raises:
        CanConfigError: a value is out of range, or two contradict each other.
    """
    from canbus.bringup import Request

    options |= {"tty_baudrate": args.tty_baudrate, "network": args.network}
    return Request(
        target=args.target,
        port=args.port,
        name=args.name,
        config=link_config(args, up=True),
        timeout=timeout,
        strict=args.strict,
        options={name: value for name, value in options.items() if value is not None},
    )
