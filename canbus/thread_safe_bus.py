"""ThreadSafeBus: python-can's name for a bus that threads may share; here every bus is one.

A wrapper with locks would only make it worse: a `recv` that waits would keep `send` waiting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from canbus.bus import BusABC
from canbus.interface import Bus

if TYPE_CHECKING:
    from canbus.message import Message

    class ThreadSafeBus(BusABC):
        """What a type checker is told: a bus, opened as `can.Bus` opens it."""

        def __init__(
            self,
            channel: Any = None,
            interface: str | None = None,
            config_context: str | None = None,
            ignore_config: bool = False,
            **kwargs: Any,
        ) -> None: ...
        def _send_frame(self, msg: Message, timeout: float | None) -> None: ...
        def _recv_frame(self, timeout: float | None) -> Message | None: ...
        def _close(self) -> None: ...

else:

    class _EveryBus(type):
        """Calls `Bus`, and says of every bus that it is an instance."""

        def __call__(cls, *args: Any, **kwargs: Any) -> BusABC:
            return Bus(*args, **kwargs)

        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, BusABC)

        def __subclasscheck__(cls, subclass: type) -> bool:
            return issubclass(subclass, BusABC)

    class ThreadSafeBus(metaclass=_EveryBus):
        """Open a CAN channel: the same as `can.Bus`, with its arguments and its errors.

        Any number of threads may use what it returns at the same time, as any bus: it is one
        of the backend's class, and ``isinstance(bus, can.ThreadSafeBus)`` is true of every bus.
        """
