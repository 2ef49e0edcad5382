"""What lies on the table of a reader: an adapter that is plugged in, a bus where frames pass.

For the hidden blocks of the pages (markdown.py), where it is `bench`. Needs the guest of
tests/hardware, except `talk`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Self

import canbus as can
from canbus.links import create_vcan, delete_link, list_links

DRIVERS = ("kvaser_pci", "peak_usb", "peak_pci", "peak_pciefd", "gs_usb", "slcan", "cdc_acm")
_WIRE = "wire0"


class Bench:
    """The table; clear again when the block is left."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def plug(self, kind: str, **options: Any) -> Any:
        """Plug an adapter in, whose driver is not loaded yet, on a bus where a node sends."""
        from canbus.testing.usb import emulate

        create_vcan(_WIRE)
        self._stack.callback(delete_link, _WIRE)
        adapter = emulate(kind, wire=_WIRE, load_driver=False, **options)  # type: ignore[call-overload]
        adapter = self._stack.enter_context(adapter)
        self.talk(_WIRE)
        return adapter

    def talk(self, channel: str) -> None:
        """Let somebody send a frame there, ten times a second, until the end."""
        node = self._stack.enter_context(can.Bus(channel, interface="socketcan"))
        node.send_periodic(can.Message.parse("321#C0FFEE"), period=0.1)


@contextmanager
def machine_as_new() -> Iterator[None]:
    """Neither drivers of adapters nor daemons, before and after."""
    _clear()
    yield
    _clear()


def _clear() -> None:
    from canbus.bringup import keepers

    for keeper in keepers.find_all():
        keeper.stop()
    for driver in DRIVERS:
        subprocess.run(["modprobe", "-r", driver], check=True)
    for link in list_links():
        delete_link(link.name)
