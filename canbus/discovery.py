"""detect_available_configs(): the channels that could be opened, of every backend at once.

How a backend looks is its own; asking all of them in time, and telling of those that fail, is
here. (Which bit rate a bus has is canbus.bringup.detect.)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from importlib import import_module
from time import monotonic

from canbus.detected import DetectedChannel
from canbus.errors import CanBackendLoadError, CanError, CanTimeoutError
from canbus.plugin import BackendSpec
from canbus.registry import get_spec, list_backends
from canbus.warn import warn

Detector = Callable[[], list[DetectedChannel]]


def detect_available_configs(
    interfaces: str | Iterable[str] | None = None, timeout: float = 5.0
) -> list[DetectedChannel]:
    """The channels that could be opened: `can.Bus(**config)` for each.

    Nothing is opened, and no adapter is asked anything. Links that are down are there, too.

    Args:
        interfaces: a backend, or several; None for all, python-can's included if it is installed.
        timeout: seconds that all of them may take.

    Returns:
        A dictionary with `interface` and `channel` for each, in the order of `canbus backends`;
        `.facts` has driver, serial number, path, bit rate, state, as far as they are known, and
        `.address` the channel that means the same adapter wherever it is plugged in.

    Raises:
        CanError: one backend was named, and it could not look: it says why. (What python-can's
            backends swallow is not heard here either.)

    Warns:
        CanWarning: one of several could not look, or not in time; it says which and why.
    """
    if isinstance(interfaces, str):
        return _ask([get_spec(interfaces)], timeout, is_alone=True)
    if interfaces is not None:
        return _ask([get_spec(name) for name in interfaces], timeout)
    return _ask([row.spec for row in list_backends() if row.spec is not None], timeout)


class _Inquiry(threading.Thread):
    """One backend's look, in a thread of its own: some take seconds."""

    def __init__(self, spec: BackendSpec) -> None:
        super().__init__(name=f"canbus looks for {spec.name}", daemon=True)
        self.spec = spec
        self.found: list[DetectedChannel] | None = None
        self.error: CanError | None = None

    def run(self) -> None:
        try:
            self.found = _detector(self.spec)()
        except CanError as exc:
            self.error = exc
        except Exception as exc:  # noqa: BLE001 - a fence: plugin code, reported by name
            self.error = CanBackendLoadError(f"{type(exc).__name__}: {exc}")

    def outcome(self, seconds: float) -> list[DetectedChannel]:
        """What was found.

        Raises:
            CanError: it failed, or takes longer.
        """
        self.join(max(0.0, seconds))
        if self.error is not None:
            raise self.error
        if self.found is None:
            raise CanTimeoutError("it has not answered in time")
        return self.found


def _detector(spec: BackendSpec) -> Detector:
    module, _, function = spec.detect.partition(":")
    found: Detector = getattr(import_module(module), function)
    return found


def _ask(
    specs: list[BackendSpec], timeout: float, *, is_alone: bool = False
) -> list[DetectedChannel]:
    end = monotonic() + timeout
    inquiries = [_Inquiry(spec) for spec in specs if spec.detect]
    for inquiry in inquiries:
        inquiry.start()
    found: list[DetectedChannel] = []
    for inquiry in inquiries:
        try:
            found += inquiry.outcome(end - monotonic())
        except CanError as exc:
            if is_alone:
                raise
            warn(f"channels of backend {inquiry.spec.name} cannot be listed: {exc}")
    return found
