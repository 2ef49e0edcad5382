"""What an slcan bus can be told beside the common options. Declarations and checks only."""

from __future__ import annotations

from canbus.backends.slcan.dialects import DIALECTS, Dialect
from canbus.backends.slcan.request import HANDSHAKES
from canbus.options import Option
from canbus.plugin import CanConfigError

AUTO = "auto"
TIMESTAMPING = ("host", "adapter")

OPTIONS = (
    Option(
        "tty_baudrate", int, None, "bit/s of the serial line, 115200 by default; USB ignores it"
    ),
    Option("dialect", str, AUTO, f"what adapter it is: auto asks it; or {', '.join(DIALECTS)}"),
    Option("handshake", str, AUTO, f"whether its answers must come: {', '.join(HANDSHAKES)}"),
    Option("btr", str, None, "bit timing registers as hex digits, instead of bitrate"),
    Option("bitrate_code", str, None, 'the adapter\'s own bitrate command ("S6"), not looked up'),
    Option("listen_only", bool, False, "never send, not even acknowledgements"),
    Option("loopback", bool, False, "receive what this bus sends; the bus itself is not used"),
    Option("timestamping", str, "host", "who stamps received frames: host, or adapter"),
    Option("window", int, None, "frames that may wait for their answer; 0: none is awaited"),
    Option("rtscts", bool, False, "hardware flow control of the serial line"),
    Option("exclusive", bool, True, "let no other program open the port"),
    Option("sleep_after_open", float, 0.0, "seconds before the first command: boards that restart"),
    Option("timeout", float, None, "accepted for python-can; has no effect, as nothing is polled"),
    Option("ttyBaudrate", int, None, "deprecated name of tty_baudrate"),
)


def dialect_named(name: str) -> Dialect | None:
    """The dialect of this name; None for "auto".

    Raises:
        CanConfigError: a ValueError; there is none.
    """
    if name == AUTO:
        return None
    if name not in DIALECTS:
        raise CanConfigError(f"dialect={name!r} is not known", hint=f"auto, {', '.join(DIALECTS)}")
    return DIALECTS[name]
