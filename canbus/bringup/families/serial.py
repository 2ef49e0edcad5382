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
from canbus.bringup.families.serial_settings import check_settings, is_controller, settings_for
from canbus.bringup.families.serial_steps import AskAdapter, CheckRights, SetUp, StartKeeper
from canbus.bringup.request import Request
from canbus.bringup.serial_adapter import BAUDRATES, BITRATES
from canbus.bringup.serial_port import SerialPort, identify
from canbus.bringup.steps import Context, Step
from canbus.errors import CanChannelNotFoundError, CanConfigError, CanLinkError
from canbus.links.names import check_name

_BAUDRATE = 115200
"""As `Bus()` has it. It matters to real serial lines alone."""


def steps(request: Request, context: Context) -> list[Step]:
    """What it takes to make a network interface of the serial adapter at `request.port`.

    Raises:
        CanConfigError: a ValueError; port or bit rate are missing, or cannot be.
        CanChannelNotFoundError: there is no such port.
        CanLinkError: the name cannot be a link's, or another link has it.
        CanUnsupportedError: a setting that would make it act otherwise on the bus.
    """
    port = identify(_check_port(request.port))
    need_bitrate(request.config, "a serial adapter")
    config, refused = check_settings(request)
    context.refused += refused
    bitrate = config.bitrate or 0
    if bitrate not in BITRATES:
        raise CanConfigError(
            f"slcand cannot set {bitrate} bit/s", hint=f"it has {', '.join(map(str, BITRATES))}"
        )
    baudrate = _baudrate(request)
    context.link = name = _choose_name(request, context, port)
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
        facts={"family": "serial", "port": port.path, "bitrate": bitrate, "tty_baudrate": baudrate},
    )
    found = context.machine.find_program("slcand")
    if found is not None:
        care = care.with_program(found)
    is_native = is_controller(context.machine)
    start = StartKeeper(care, options, is_asked=asks, stays=bool(request.options.get("foreground")))
    return [
        CheckRights(care, found),
        LoadModule("slcan"),
        AskAdapter(care),
        start,
        SetUp(
            settings_for(config, is_native=is_native),
            kind="can" if is_native else None,
            care=care,
        ),
        Verify(),
    ]


def _check_port(port: str | None) -> str:
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


def _choose_name(request: Request, context: Context, port: SerialPort) -> str:
    """The link's name: as asked for, else as it is already, else the first free slcanN."""
    mine = [
        keeper.care
        for keeper in keepers.find_all()
        if keeper.care.port is not None and keeper.care.port.is_same_adapter(port)
    ]
    kept = mine[0].key if mine else None
    keepers.clear_stale()  # one that was killed may just be about to lose its link
    taken = context.machine.interface_names()
    if request.name is None:
        free = (f"slcan{number}" for number in range(len(taken) + 1))
        return kept or next(name for name in free if name not in taken and not keepers.find(name))
    name = check_name(request.name)
    if kept not in {None, name}:
        raise CanLinkError(
            f"{port.path} is kept up as {kept} already", hint=f"canbus down {kept}, then again"
        )
    if kept is None and (name in taken or keepers.find(name) is not None):
        keeper = keepers.find(name)
        whose = "it was not made by canbus" if keeper is None else f"it is the {keeper.what}'s"
        raise CanLinkError(
            f"there is an interface {name} already, and {whose}",
            hint="choose another --name, or leave it out",
        )
    return name
