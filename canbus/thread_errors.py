"""Reporting an error that nothing should have raised in a thread of ours, which goes on. No CAN."""

from __future__ import annotations

import sys
import threading


def report() -> None:
    """Give the error that is being handled to `threading.excepthook`, as if it ended the thread.

    A logging handler of the user's that raises is the usual one.
    """
    threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))
