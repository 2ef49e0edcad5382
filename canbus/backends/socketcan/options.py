"""What a socketcan bus can be told beside the common options. Declarations and checks only."""

from __future__ import annotations

from canbus.backends.socketcan import constants as c
from canbus.options import Option
from canbus.plugin import CanConfigError

_CHECKED = "what the link must be set up to"
ON_LOSS = ("warn", "raise", "count")
TIMESTAMPING = ("software", "hardware")

OPTIONS = (
    Option("local_loopback", bool, True, "other programs on this machine see our frames"),
    Option("ignore_rx_error_frames", bool, False, "leave out the controller's reports"),
    Option("error_mask", int, None, "which classes of error frames to receive (ErrorClass)"),
    Option("join_filters", bool, False, "a frame must match all filters, rather than any"),
    Option("xl", bool, False, "send and receive CAN XL, and CAN FD"),
    Option("vcid", int, None, "with xl: the virtual network 0..255 to use; none is all"),
    Option("timestamping", str, "software", "software, or hardware: the device's time stamps"),
    Option("on_loss", str, "warn", "frames lost: warn (the first time), raise (each), count"),
    Option("rcvbuf", int, None, "bytes of the receive buffer; by default all that is granted"),
    Option("sndbuf", int, None, "bytes of the send buffer; by default the system's"),
    Option("priority", int, None, "of sent frames, for queueing disciplines (SO_PRIORITY)"),
    Option("mark", int, None, "of sent frames, for the kernel's filters (SO_MARK)"),
    Option("netns", (str, int), None, "network namespace: a name (ip netns), a path, or a pid"),
    Option("configure", bool, False, "set the link up as asked, and bring it up; needs rights"),
    Option("bitrate", int, None, f"bit/s; {_CHECKED}"),
    Option("sample_point", float, None, f"percent of a bit; {_CHECKED}"),
    Option("data_bitrate", int, None, f"bit/s of the FD data phase; {_CHECKED}"),
    Option("data_sample_point", float, None, f"percent, FD data phase; {_CHECKED}"),
    Option("timing", object, None, f"BitTiming or BitTimingFd; {_CHECKED}"),
    Option("listen_only", bool, None, f"the controller never sends; {_CHECKED}"),
    Option("restart_ms", int, None, f"bus-off to restart, milliseconds; {_CHECKED}"),
)


def error_classes(channel: str, error_mask: int | None, ignore: bool) -> int:
    """The bits for CAN_RAW_ERR_FILTER.

    Raises:
        CanConfigError: no such classes, or two answers to one question.
    """
    if error_mask is None:
        return 0 if ignore else c.CAN_ERR_MASK
    if ignore:
        raise CanConfigError(
            f"{channel}: ignore_rx_error_frames and error_mask={error_mask:#x} contradict "
            "each other",
            hint="error_mask=0 ignores all",
        )
    if not 0 <= error_mask <= c.CAN_ERR_MASK:
        raise CanConfigError(f"{channel}: error_mask={error_mask:#x} has bits that no class has")
    return int(error_mask)
