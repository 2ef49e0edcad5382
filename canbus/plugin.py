"""All that a backend needs to import; the built-in ones also use codecs/ and flag bits.

A plugin is a module that is cheap to import, named by an entry point:

    [project.entry-points."canbus.backends"]
    loop = "canbus_loop"

with one function in it that says what it brings:

    from canbus.plugin import BackendSpec, Capability, Option

    def canbus_backend() -> BackendSpec:
        return BackendSpec(
            name="loop",
            summary="everything sent comes back",
            bus="canbus_loop.bus:LoopBus",          # imported when a bus is opened
            options=(Option("delay_ms", int, 0, "milliseconds before a frame comes back"),),
            capabilities=Capability.OWN_MESSAGES,
        )

The bus class derives from BusABC, whose docstring is the contract; `canbus.testing` proves
that it is kept. A complete plugin lives in `examples/plugin/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from canbus.bus import BusABC
from canbus.cyclic_job import CyclicJob
from canbus.cyclic_task import OwnedCyclicTask, Run
from canbus.detected import DetectedChannel
from canbus.errors import (
    CanChannelNotFoundError,
    CanClosedError,
    CanConfigError,
    CanError,
    CanFrameExpiredError,
    CanFrameRefusedError,
    CanFramesLostError,
    CanInitializationError,
    CanKernelSupportError,
    CanLinkDownError,
    CanLinkError,
    CanLinkNotFoundError,
    CanLinkPermissionError,
    CanMessageError,
    CanOperationError,
    CanPermissionError,
    CanProtocolError,
    CanTimeoutError,
    CanTxQueueFullError,
    CanUnsupportedError,
    CanWarning,
)
from canbus.filters import CanFilter, Filters, normalise, superset
from canbus.message import Message
from canbus.options import Capability, Option
from canbus.periodic import CyclicSendTask
from canbus.receipt import ConfirmedBy, SendReceipt
from canbus.state import (
    BusState,
    BusStatistics,
    CanProtocol,
    CanState,
    FrameOrigin,
    TimestampSource,
)
from canbus.waiting import POLLIN, POLLOUT, Waiter, deadline_after
from canbus.warn import warn


class BackendSpec(NamedTuple):
    """What the registry knows about a backend before it is imported.

    Attributes:
        name: what users write as `interface=`.
        summary: one line for `canbus backends`.
        bus: where the class is, as "module:Class".
        options: the keywords it takes beside the common ones; one with the name of a
            common option replaces that one.
        capabilities: what it can do; the conformance suite checks each word.
        channel_help: what a channel looks like, for people.
        detect: where the function is that lists the channels there are, as DetectedChannels,
            without opening one: "module:function"; "" if there is none.
        takes_any_option: options that are not declared are handed on as they are, since only
            what is below the backend knows them.
        presets: keywords that the class is always called with, for one behind several names.
    """

    name: str
    summary: str
    bus: str
    options: tuple[Option, ...] = ()
    capabilities: Capability = Capability.NONE
    channel_help: str = ""
    detect: str = ""
    takes_any_option: bool = False
    presets: Mapping[str, Any] = MappingProxyType({})


__all__ = [
    "POLLIN",
    "POLLOUT",
    "BackendSpec",
    "BusABC",
    "BusState",
    "BusStatistics",
    "CanChannelNotFoundError",
    "CanClosedError",
    "CanConfigError",
    "CanError",
    "CanFilter",
    "CanFrameExpiredError",
    "CanFrameRefusedError",
    "CanFramesLostError",
    "CanInitializationError",
    "CanKernelSupportError",
    "CanLinkDownError",
    "CanLinkError",
    "CanLinkNotFoundError",
    "CanLinkPermissionError",
    "CanMessageError",
    "CanOperationError",
    "CanPermissionError",
    "CanProtocol",
    "CanProtocolError",
    "CanState",
    "CanTimeoutError",
    "CanTxQueueFullError",
    "CanUnsupportedError",
    "CanWarning",
    "Capability",
    "ConfirmedBy",
    "CyclicJob",
    "CyclicSendTask",
    "DetectedChannel",
    "Filters",
    "FrameOrigin",
    "Message",
    "Option",
    "OwnedCyclicTask",
    "Run",
    "SendReceipt",
    "TimestampSource",
    "Waiter",
    "deadline_after",
    "normalise",
    "superset",
    "warn",
]
