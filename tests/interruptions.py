"""Calling something where a signal handler would run: each of those places, one by one.

CPython runs signal handlers on entering a function and after a call of a C function. A
profile function sees just these places, in any thread. So what a handler does can be tried
at every step, without a signal, a clock or luck. No test here.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import FrameType

from canbus.testing.support import PATIENCE, Worker

_PLACES = ("call", "c_return")


def interrupted(
    work: Callable[[], object], step: int, handler: Callable[[], object], within: str = ""
) -> bool:
    """Do `work`, calling `handler` at one step of it, in a thread that must not hang.

    Args:
        work: what is interrupted.
        step: at which of its steps, the first one is 1.
        handler: what the signal handler does.
        within: steps are those in files whose path has this; "" for all.

    Returns:
        False if the work has fewer steps.

    Raises:
        AssertionError: the thread hangs.
        BaseException: whatever the work or the handler raised.
    """
    reached = 0

    def profile(frame: FrameType, event: str, arg: object) -> None:
        nonlocal reached
        if event in _PLACES and within in frame.f_code.co_filename:
            reached += 1
            if reached == step:
                handler()

    def run() -> None:
        sys.setprofile(profile)
        try:
            work()
        finally:
            sys.setprofile(None)

    # Not while garbage of others is collected: there the error of a handler goes nowhere.
    collects = gc.isenabled()
    gc.disable()
    try:
        thread = Worker(run)
        thread.thread.join(PATIENCE)
    finally:
        if collects:
            gc.enable()
    assert not thread.thread.is_alive(), f"hangs when interrupted at step {step}"
    thread.result()
    return reached >= step


def at_every_step(try_one: Callable[[int], bool]) -> int:
    """Call `try_one` with 1, 2, ... until it says that there is no such step.

    Returns:
        How many steps there were.
    """
    step = 1
    while try_one(step):
        step += 1
    assert step > 1, "the work has no steps"
    return step - 1
