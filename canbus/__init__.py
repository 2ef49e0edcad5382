"""CAN for Python, from bring-up to bus-off. ``import canbus as can`` reads like python-can.

The user's names, found on first use (PEP 562): importing this package loads none of its
modules, so a name is paid for by who needs it. No logic here.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from canbus import aio as aio
    from canbus import bit_timing as bit_timing
    from canbus import bus as bus
    from canbus import interface as interface
    from canbus import links as links
    from canbus import listener as listener
    from canbus import message as message
    from canbus import notifier as notifier
    from canbus import thread_safe_bus as thread_safe_bus
    from canbus.bit_timing import BitTiming as BitTiming
    from canbus.bit_timing import BitTimingFd as BitTimingFd
    from canbus.bus import BusABC as BusABC
    from canbus.checksums import Crc as Crc
    from canbus.codecs.error_frame import decode_error_frame as decode_error_frame
    from canbus.codecs.error_frame import encode_error_frame as encode_error_frame
    from canbus.codecs.phantom_error import phantom_error as phantom_error
    from canbus.controller_status import ControllerStatus as ControllerStatus
    from canbus.detected import DetectedChannel as DetectedChannel
    from canbus.discovery import detect_available_configs as detect_available_configs
    from canbus.error_flags import ControllerProblem as ControllerProblem
    from canbus.error_flags import ErrorClass as ErrorClass
    from canbus.error_flags import ProtocolLocation as ProtocolLocation
    from canbus.error_flags import ProtocolViolation as ProtocolViolation
    from canbus.error_flags import TransceiverStatus as TransceiverStatus
    from canbus.error_frame import ErrorFrame as ErrorFrame
    from canbus.errors import CanBackendLoadError as CanBackendLoadError
    from canbus.errors import CanBackendNotFoundError as CanBackendNotFoundError
    from canbus.errors import CanChannelNotFoundError as CanChannelNotFoundError
    from canbus.errors import CanClosedError as CanClosedError
    from canbus.errors import CanConfigError as CanConfigError
    from canbus.errors import CanError as CanError
    from canbus.errors import CanFrameExpiredError as CanFrameExpiredError
    from canbus.errors import CanFrameRefusedError as CanFrameRefusedError
    from canbus.errors import CanFramesLostError as CanFramesLostError
    from canbus.errors import CanInitializationError as CanInitializationError
    from canbus.errors import CanInterfaceNotImplementedError as CanInterfaceNotImplementedError
    from canbus.errors import CanKernelSupportError as CanKernelSupportError
    from canbus.errors import CanLinkDownError as CanLinkDownError
    from canbus.errors import CanLinkError as CanLinkError
    from canbus.errors import CanLinkNotFoundError as CanLinkNotFoundError
    from canbus.errors import CanLinkPermissionError as CanLinkPermissionError
    from canbus.errors import CanMessageError as CanMessageError
    from canbus.errors import CanOperationError as CanOperationError
    from canbus.errors import CanPermissionError as CanPermissionError
    from canbus.errors import CanProtocolError as CanProtocolError
    from canbus.errors import CanTimeoutError as CanTimeoutError
    from canbus.errors import CanTxQueueFullError as CanTxQueueFullError
    from canbus.errors import CanUnsupportedError as CanUnsupportedError
    from canbus.errors import CanWarning as CanWarning
    from canbus.filters import CanFilter as CanFilter
    from canbus.interface import Bus as Bus
    from canbus.listener import Listener as Listener
    from canbus.listeners.async_buffered_reader import AsyncBufferedReader as AsyncBufferedReader
    from canbus.listeners.buffered_reader import BufferedReader as BufferedReader
    from canbus.listeners.printer import Printer as Printer
    from canbus.listeners.redirect_reader import RedirectReader as RedirectReader
    from canbus.logs import set_logging_level as set_logging_level
    from canbus.message import Message as Message
    from canbus.notifier import Notifier as Notifier
    from canbus.periodic import CyclicSendTask as CyclicSendTask
    from canbus.periodic import CyclicSendTaskABC as CyclicSendTaskABC
    from canbus.periodic import LimitedDurationCyclicSendTaskABC as LimitedDurationCyclicSendTaskABC
    from canbus.periodic import ModifiableCyclicTaskABC as ModifiableCyclicTaskABC
    from canbus.periodic import RestartableCyclicTaskABC as RestartableCyclicTaskABC
    from canbus.receipt import ConfirmedBy as ConfirmedBy
    from canbus.receipt import SendReceipt as SendReceipt
    from canbus.rolling_checksum import Checksum as Checksum
    from canbus.rolling_counter import Counter as Counter
    from canbus.state import BusState as BusState
    from canbus.state import BusStatistics as BusStatistics
    from canbus.state import CanProtocol as CanProtocol
    from canbus.state import CanState as CanState
    from canbus.state import FrameOrigin as FrameOrigin
    from canbus.state import TimestampSource as TimestampSource
    from canbus.subscription import Subscription as Subscription
    from canbus.supervising import supervise as supervise
    from canbus.supervision import Gap as Gap
    from canbus.supervision import GapCause as GapCause
    from canbus.supervision import ReconnectPolicy as ReconnectPolicy
    from canbus.thread_safe_bus import ThreadSafeBus as ThreadSafeBus
    from canbus.watch import Watch as Watch
    from canbus.watch import WatchEvent as WatchEvent
    from canbus.watch import WatchKind as WatchKind
    from canbus.watching import RemoteReply as RemoteReply
    from canbus.xl_message import XlMessage as XlMessage

    __version__: str
    rc: dict[str, object]

_HOME = {
    "bit_timing": ("BitTiming", "BitTimingFd"),
    "bus": ("BusABC",),
    "checksums": ("Crc",),
    "codecs.error_frame": ("decode_error_frame", "encode_error_frame"),
    "codecs.phantom_error": ("phantom_error",),
    "controller_status": ("ControllerStatus",),
    "detected": ("DetectedChannel",),
    "discovery": ("detect_available_configs",),
    "error_flags": (
        "ControllerProblem",
        "ErrorClass",
        "ProtocolLocation",
        "ProtocolViolation",
        "TransceiverStatus",
    ),
    "error_frame": ("ErrorFrame",),
    "errors": (
        "CanBackendLoadError",
        "CanBackendNotFoundError",
        "CanChannelNotFoundError",
        "CanClosedError",
        "CanConfigError",
        "CanError",
        "CanFrameExpiredError",
        "CanFrameRefusedError",
        "CanFramesLostError",
        "CanInitializationError",
        "CanInterfaceNotImplementedError",
        "CanKernelSupportError",
        "CanLinkDownError",
        "CanLinkError",
        "CanLinkNotFoundError",
        "CanLinkPermissionError",
        "CanMessageError",
        "CanOperationError",
        "CanPermissionError",
        "CanProtocolError",
        "CanTimeoutError",
        "CanTxQueueFullError",
        "CanUnsupportedError",
        "CanWarning",
    ),
    "filters": ("CanFilter",),
    "interface": ("Bus",),
    "listener": ("Listener",),
    "listeners.async_buffered_reader": ("AsyncBufferedReader",),
    "listeners.buffered_reader": ("BufferedReader",),
    "listeners.printer": ("Printer",),
    "listeners.redirect_reader": ("RedirectReader",),
    "logs": ("set_logging_level",),
    "message": ("Message",),
    "notifier": ("Notifier",),
    "periodic": (
        "CyclicSendTask",
        "CyclicSendTaskABC",
        "LimitedDurationCyclicSendTaskABC",
        "ModifiableCyclicTaskABC",
        "RestartableCyclicTaskABC",
    ),
    "receipt": ("ConfirmedBy", "SendReceipt"),
    "rolling_checksum": ("Checksum",),
    "rolling_counter": ("Counter",),
    "state": (
        "BusState",
        "BusStatistics",
        "CanProtocol",
        "CanState",
        "FrameOrigin",
        "TimestampSource",
    ),
    "thread_safe_bus": ("ThreadSafeBus",),
    "supervising": ("supervise",),
    "supervision": ("Gap", "GapCause", "ReconnectPolicy"),
    "subscription": ("Subscription",),
    "watch": ("Watch", "WatchEvent", "WatchKind"),
    "watching": ("RemoteReply",),
    "xl_message": ("XlMessage",),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}
_SUBMODULES = (
    "aio",
    "bit_timing",
    "bus",
    "interface",
    "links",
    "listener",
    "message",
    "notifier",
    "thread_safe_bus",
)  # reached as attributes: can.interface.Bus

__all__ = [*sorted(_MODULE_OF)]  # noqa: PLE0604 - strings, as the table above shows


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in _MODULE_OF:
        value: object = getattr(import_module(f"canbus.{_MODULE_OF[name]}"), name)
    elif name in _SUBMODULES:
        value = import_module(f"canbus.{name}")
    elif name == "__version__":
        from importlib.metadata import version

        value = version("canbus")
    elif name == "rc":  # configuration by the program itself, read by canbus.config
        value = {}
    else:
        why = import_module("canbus.unbuilt").why_not(name)
        raise AttributeError(f"module 'canbus' has no attribute {name!r}{why}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBMODULES})
