"""Changing links through pyroute2, which only this file imports. No policy, nothing is read.

pyroute2 is imported on first use (150 ms). Its NetlinkError, which is no OSError, is turned
into the errors of refusals.py here and nowhere else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from canbus.errors import CanLinkError, CanUnsupportedError
from canbus.link_info import LinkInfo
from canbus.links.holding import signals_held
from canbus.links.refusals import refusal, step_refusal
from canbus.links.steps import LinkStep

Refused = Callable[[int | None], CanLinkError]

_MODE_WORDS = {"listen_only": "listenonly", "triple_sampling": "3_samples"}
"""pyroute2 names modes as the kernel's constants are named."""


def add_vcan(name: str, *, mtu: int, up: bool) -> None:
    """Create it in one request, so that a failure leaves nothing behind."""
    state = "up" if up else "down"
    _request(
        lambda code: refusal(f"create {name}", name, code, creating=True),
        "add",
        ifname=name,
        kind="vcan",
        mtu=mtu,
        state=state,
    )


def remove_link(link: LinkInfo) -> None:
    """Remove it, by its index: a name could meanwhile belong to another interface."""
    _request(lambda code: refusal(f"remove {link.name}", link.name, code), "del", index=link.index)


def rename_alias(link: LinkInfo, alias: str) -> None:
    """Put another text on it; "" takes it away."""
    what = f"change the alias of {link.name}"
    _request(lambda code: refusal(what, link.name, code), "set", index=link.index, ifalias=alias)


def take_step(link: LinkInfo, step: LinkStep) -> None:
    """Make one change."""
    _request(lambda code: step_refusal(link, step, code), "set", index=link.index, **_facts(step))


def _facts(step: LinkStep) -> dict[str, object]:
    """A step in pyroute2's words."""
    values = dict(step.settings)
    if step.action in {"up", "down"}:
        return {"state": step.action}
    if step.action == "mtu":
        return {"mtu": values["mtu"]}
    if step.action == "txqueuelen":
        return {"txqlen": values["txqueuelen"]}
    if step.action in {"restart_ms", "termination"}:
        return {"kind": "can", f"can_{step.action}": values[step.action]}
    if step.action != "timing":
        mode = _MODE_WORDS.get(step.action, step.action)
        return {"kind": "can", "can_ctrlmode": {mode: _word(values[step.action])}}
    return {"kind": "can", **_timing_facts(values)}


def _timing_facts(values: dict[str, object]) -> dict[str, object]:
    data = {name[5:]: value for name, value in values.items() if name.startswith("data_")}
    plain = {name: value for name, value in values.items() if not name.startswith("data_")}
    facts: dict[str, object] = {}
    if "fd" in plain:
        facts["can_ctrlmode"] = {"fd": _word(plain.pop("fd"))}
    if plain:
        facts["can_bittiming"] = _timing(plain)
    if data:
        facts["can_data_bittiming"] = _timing(data)
    return facts


def _timing(values: dict[str, object]) -> dict[str, object]:
    """The kernel (struct can_bittiming) has sample points in tenths of a percent."""
    point = values.get("sample_point")
    if isinstance(point, (int, float)):
        return {**values, "sample_point": round(point * 10)}
    return values


def _word(on: object) -> str:
    return "on" if on else "off"


def _request(refused: Refused, command: str, **facts: object) -> None:
    """Ask the kernel for one change; what it refuses becomes the error that `refused` makes."""
    iproute, netlink_error = _import_pyroute2()

    def run() -> None:
        try:
            with iproute() as ipr:
                ipr.link(command, **facts)
        except netlink_error as exc:
            raise refused(exc.code) from exc
        except OSError as exc:  # the netlink socket itself
            raise refused(exc.errno) from exc

    with signals_held():
        _off_loop(run)


def _import_pyroute2() -> tuple[Any, type[Any]]:
    if sys.platform != "linux":
        raise CanUnsupportedError(
            f"CAN network interfaces exist on Linux only, not on {sys.platform}",
            hint="interface='virtual' works everywhere",
        )
    try:
        from pyroute2 import IPRoute
        from pyroute2.netlink.exceptions import NetlinkError
    except ImportError as exc:
        raise CanUnsupportedError(
            f"network interfaces are changed through pyroute2, which does not import: {exc}",
            hint="pip install pyroute2",
        ) from exc
    return IPRoute, NetlinkError


def _off_loop(run: Callable[[], None]) -> None:
    """Run it; in a thread of its own if this one runs an event loop.

    IPRoute drives an event loop of its own, and two cannot run in one thread. A new thread is
    in the network namespace of the one that starts it.
    """
    import asyncio  # pyroute2 has imported it

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        run()
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1, thread_name_prefix="canbus netlink") as pool:
        pool.submit(run).result()
