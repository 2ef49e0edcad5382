"""What is shown: frames as text or JSON on stdout, errors and warnings as lines on stderr.

The candump layouts themselves are in canbus.codecs.candump.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from canbus.bus import BusABC
    from canbus.errors import CanError
    from canbus.message import Message

Renderer = Callable[["Message"], str]


def screen_renderer(channel: str) -> Renderer:
    """Lines as candump shows them on a screen."""
    from canbus.codecs.candump import ScreenLayout

    return ScreenLayout(channel).line


def log_renderer(channel: str) -> Renderer:
    """Lines as `candump -L` writes them."""
    from canbus.codecs.candump import log_line

    return lambda msg: log_line(msg, len(channel))


def json_renderer() -> Renderer:
    """One JSON object a line."""
    import json

    return lambda msg: json.dumps(frame_facts(msg))


def frame_facts(msg: Message) -> dict[str, object]:
    """A frame as JSON has it; the keys are the names of Message's attributes."""
    return {
        "timestamp_ns": msg.timestamp_ns,
        "channel": None if msg.channel is None else str(msg.channel),
        "arbitration_id": msg.arbitration_id,
        "is_extended_id": msg.is_extended_id,
        "is_remote_frame": msg.is_remote_frame,
        "is_error_frame": msg.is_error_frame,
        "is_fd": msg.is_fd,
        "bitrate_switch": msg.bitrate_switch,
        "error_state_indicator": msg.error_state_indicator,
        "is_rx": msg.is_rx,
        "dlc": msg.dlc,
        "data": bytes(msg).hex(),
    }


def say(line: str) -> None:
    """Print a line at once, even into a pipe: who reads it waits for frames."""
    print(line, flush=True)


def say_warning(text: str) -> None:
    """Print a warning as one line."""
    print(f"canbus: warning: {text}", file=sys.stderr, flush=True)


def say_error(exc: CanError, *, with_traceback: bool) -> None:
    """Print an error: one line and its hint, or the traceback, which holds both."""
    if with_traceback:
        import traceback

        traceback.print_exception(exc)
        return
    print(f"canbus: {exc}", file=sys.stderr)
    for note in getattr(exc, "__notes__", ()):
        if not note.startswith("hint: "):  # which is shown last
            print(f"note: {note}", file=sys.stderr)
    if exc.hint:
        print(f"hint: {exc.hint}", file=sys.stderr)


def warn_of_losses(bus: BusABC) -> None:
    """Say how many frames were lost on this bus, if any."""
    lost = bus.statistics.rx_dropped
    if lost:
        say_warning(f"{bus.channel_info}: {lost} frames were lost before they could be read")
