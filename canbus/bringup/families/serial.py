"""serial: serial adapters as network interfaces, through slcand of can-utils. Request to steps.

slcand is used in its classic way for every kernel: it is told the bit rate (-s) and opens the
channel (-o). From Linux 6.0 on the link is a controller to netlink, and the bit rate is set there,
too, before it comes up: the driver then opens the channel once more, with the same rate, and
`canbus show` and `Bus(bitrate=)` know it; taken down, it closes the channel. Before 6.0 netlink
knows nothing of it, and slcand alone has done all. What the steps do is in serial_steps.py.
"""

from __future__ import annotations

import stat
from pathlib import Path

from canbus.bringup import keepers
from canbus.bringup.care import PORT, Care, Question, WantedLink
from canbus.bringup.common_steps import LoadModule, Verify, need_bitrate
from canbus.bringup.families.serial_names import choose_name
from canbus.bringup.families.serial_settings import check_settings, is_controller, settings_for
from canbus.bringup.families.serial_steps import (
    AskAdapter,
    CheckRights,
    SetUp,
    StartKeeper,
    WaitForPort,
    is_kept,
    refuse_coming,
)
from canbus.bringup.request import Request
from canbus.bringup.serial_adapter import BAUDRATES, BITRATES
from canbus.bringup.serial_port import identify
from canbus.bringup.services import FOREGROUND, refuse_service
from canbus.bringup.steps import Context, Step
from canbus.errors import CanChannelNotFoundError, CanConfigError

_BAUDRATE = 115200
"""As `Bus()` has it. It matters to real serial lines alone."""


def steps(request: Request, context: Context) -> list[Step]:
    """What it takes to make a network interface of the serial adapter at `request.port`.

    Raises:
        CanConfigError: a ValueError; port or bit rate are missing, or cannot be.
        CanChannelNotFoundError: there is no such port, and nobody waits for it.
        CanLinkError: the name cannot be a link's, or another link has it; a service keeps the
            adapter up otherwise.
        CanUnsupportedError: a setting that would make it act otherwise on the bus.
    """
    port = identify(_check_port(request.port, request.timeout))
    need_bitrate(request.config, "a serial adapter")
    config, refused = check_settings(request)
    context.refused += refused
    bitrate = config.bitrate or 0
    if bitrate not in BITRATES:
        raise CanConfigError(
            f"slcand cannot set {bitrate} bit/s", hint=f"it has {', '.join(map(str, BITRATES))}"
        )
    baudrate = _baudrate(request)
    context.link = name = choose_name(request, context.machine, port)
    options = ["-l" if config.listen_only else "-o", "-c", f"-s{BITRATES[bitrate]}"]
    options += ["-S", str(baudrate)]
    question = Question(
        bitrate=bitrate, tty_baudrate=baudrate, listen_only=bool(config.listen_only)
    )
    asks = request.options.get("probe", True) is not False
    care = Care(
        key=name,
        what=f"serial adapter {port.path}",
        program=("slcand", "-F", *options, PORT, name),
        links=(WantedLink(name=name, config=config),),
        port=port,
        question=question if asks else None,
        patience=request.patience,
        facts={
            "family": "serial",
            "port": port.path,
            "bitrate": bitrate,
            "tty_baudrate": baudrate,
            FOREGROUND: bool(request.options.get("foreground")),
        },
    )
    found = context.machine.find_program("slcand")
    if found is not None:
        care = care.with_program(found)
    refuse_coming(care)
    if not is_kept(care, context):
        refuse_service(keepers.find(name), context.machine)
    is_native = is_controller(context.machine)
    return [
        CheckRights(care, found),
        LoadModule("slcan"),
        WaitForPort(port.path, request.timeout or 0),
        AskAdapter(care),
        StartKeeper(care, options, is_asked=asks, is_named=request.name is not None),
        SetUp(
            settings_for(config, is_native=is_native),
            kind="can" if is_native else None,
            care=care,
        ),
        Verify(),
    ]


def _check_port(port: str | None, timeout: float | None) -> str:
    if not port:
        raise CanConfigError(
            "which serial port is the adapter at?",
            hint=f"canbus up serial {(_likely_ports() or ['/dev/ttyACM0'])[0]} --bitrate 500k",
        )
    path = Path(port)
    if not path.is_absolute() or path.parts[1] != "dev" or ".." in path.parts:
        raise CanConfigError(
            f"{port!r} is no serial port: slcand takes what is under /dev only", hint=_hint()
        )
    try:
        kind = path.stat().st_mode
    except OSError as exc:
        if timeout:
            return port  # it is waited for
        raise CanChannelNotFoundError(
            f"there is no serial port {port}: {exc.strerror}", exc.errno, hint=_hint()
        ) from exc
    if not stat.S_ISCHR(kind):
        raise CanConfigError(f"{port} is no serial port: it is no character device", hint=_hint())
    return port


def _likely_ports() -> list[str]:
    from canbus.backends.slcan.discovery import candidates

    return [one.by_id or one.path for one in candidates()]


def _hint() -> str:
    ports = _likely_ports()
    if not ports:
        return "no adapter is to be seen: is it plugged in? `sudo dmesg | tail` shows it come"
    return f"likely ones: {', '.join(ports[:3])}; `canbus ports` says what they are"


def _baudrate(request: Request) -> int:
    baudrate = request.options.get("tty_baudrate")
    if baudrate is None:
        return _BAUDRATE
    if baudrate not in BAUDRATES or not isinstance(baudrate, int):
        raise CanConfigError(
            f"slcand cannot set tty_baudrate {baudrate}",
            hint=f"it has {', '.join(map(str, BAUDRATES))}; an adapter on USB needs none",
        )
    return baudrate
