"""``python -m canbus.testing.usb``: run an emulated adapter, or talk to one that runs.

Arguments and exit status only. 0 done; 1 an error of the library; 2 wrong usage.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any

from canbus.errors import CanError
from canbus.testing.usb import vhci
from canbus.testing.usb.adapter import CanAdapter
from canbus.testing.usb.cdc_acm import DIALECT, CdcAcm
from canbus.testing.usb.commands import Commands
from canbus.testing.usb.control import Client, Server
from canbus.testing.usb.emulator import Emulator
from canbus.testing.usb.gs_usb import GsUsb
from canbus.testing.usb.pcan_usb import PcanUsb
from canbus.testing.usb.serial_commands import SerialCommands
from canbus.testing.usb.wire import Wire

_WORDS = {
    "plug": (),
    "unplug": (),
    "fault": ("kind",),
    "clear_faults": (),
    "bus_off": (),
    "recover": (),
    "error_counters": ("tec", "rec"),
    "overflow": (),
    "frame": ("text",),
    "traffic": ("period", "text"),
    "wire_bitrate": ("bitrate",),
    "error_frame": ("can_id", "data"),
    "state": (),
    "forget_sent": (),
    "commands": (),
    "quit": (),
}
_OF_ALL = {"plug", "unplug", "clear_faults", "state", "forget_sent", "commands", "quit"}
_OF_ALL |= {"traffic", "wire_bitrate"}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m canbus.testing.usb",
        description="Emulated USB CAN adapters for the stock Linux drivers (as root).",
    )
    kinds = parser.add_subparsers(dest="role", required=True, metavar="KIND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--wire", metavar="IF", help="CAN interface on the same wire, a vcan say")
    common.add_argument("--paced", action="store_true", help="frames occupy the wire")
    common.add_argument(
        "--wire-bitrate", type=int, metavar="N", help="bit/s of the others on the wire"
    )
    common.add_argument("--control", metavar="PATH", help="take commands at this Unix socket")
    common.add_argument("--control-fd", type=int, help=argparse.SUPPRESS)
    common.add_argument("--no-driver", action="store_true", help="do not load the driver")
    gs_usb = kinds.add_parser("gs_usb", parents=[common], help="candleLight, driver gs_usb")
    gs_usb.add_argument("--channels", type=int, default=1, choices=(1, 2, 3))
    gs_usb.add_argument("--no-fd", action="store_true", help="classic CAN only")
    gs_usb.add_argument("--no-hardware-stamps", action="store_true")
    gs_usb.add_argument("--no-listen-only", action="store_true", help="without that mode")
    gs_usb.add_argument("--serial", metavar="TEXT", default="EMULATED", help="serial number")
    kinds.add_parser("pcan_usb", parents=[common], help="PCAN-USB, driver peak_usb")
    cdc_acm = kinds.add_parser(
        "cdc_acm", parents=[common], help="serial adapter, a CANable say; driver cdc_acm"
    )
    cdc_acm.add_argument("--dialect", metavar="NAME", default=DIALECT, help="its firmware")
    cdc_acm.add_argument("--version-text", metavar="TEXT", help="what it answers to V")
    cdc_acm.add_argument("--serial", metavar="TEXT", default="EMULATED", help="serial number")
    control = kinds.add_parser("control", help="tell a running adapter what to do")
    control.add_argument(
        "--wait", type=float, default=0.0, metavar="SECONDS", help="for an adapter that is starting"
    )
    control.add_argument("path", metavar="PATH")
    commands = control.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, words in _WORDS.items():
        command = commands.add_parser(name)
        for word in words:
            command.add_argument(word)
        if name not in _OF_ALL:
            command.add_argument("--channel", type=int)
    return parser


def _adapter(args: argparse.Namespace) -> CanAdapter:
    wire = Wire(paced=args.paced, bitrate=args.wire_bitrate)
    if args.role == "pcan_usb":
        return PcanUsb(wire)
    if args.role == "cdc_acm":
        return CdcAcm(wire, args.dialect, serial=args.serial, version=args.version_text)
    return GsUsb(
        wire,
        args.channels,
        fd=not args.no_fd,
        hardware_stamps=not args.no_hardware_stamps,
        listen_only=not args.no_listen_only,
        serial=args.serial,
    )


def _commands(emulator: Emulator) -> Commands:
    adapter = emulator.adapter
    return SerialCommands(emulator, adapter) if isinstance(adapter, CdcAcm) else Commands(emulator)


def _run(args: argparse.Namespace) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that it unplugs
    adapter = _adapter(args)
    emulator = Emulator(adapter)
    server = Server(emulator, _commands(emulator))
    if args.control is not None:
        server.listen(args.control)
    if args.control_fd is not None:  # `emulate` has prepared the kernel, and says when to plug
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the owner's Ctrl-C
        server.serve(socket.socket(fileno=args.control_fd), is_owner=True)
    else:
        vhci.prepare(None if args.no_driver else adapter.driver)
        if args.wire is not None:
            emulator.join(args.wire)
        print(f"{adapter.kind} in port {emulator.plug()} of vhci-hcd", flush=True)
    emulator.run()


def _control(args: argparse.Namespace) -> None:
    arguments: dict[str, Any] = {word: getattr(args, word) for word in _WORDS[args.command]}
    if getattr(args, "channel", None) is not None:
        arguments["channel"] = args.channel
    if args.command == "error_frame":
        arguments["can_id"] = int(arguments["can_id"], 16)
    command = args.command
    if command == "frame":
        command = "frames"
    if "text" in arguments:
        arguments["texts"] = [arguments.pop("text")]
    with contextlib.closing(Client.connect(args.path, args.wait)) as client:
        answer = client.ask(command, **arguments)
    if answer is not None:
        print(json.dumps(answer, indent=2))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: the arguments after the program's name; None takes those of the process.

    Returns:
        The exit status.
    """
    args = _parser().parse_args(argv)
    try:
        (_control if args.role == "control" else _run)(args)
    except CanError as exc:
        print(f"error: {exc}", file=sys.stderr)
        if exc.hint:
            print(f"hint: {exc.hint}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
