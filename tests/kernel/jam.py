"""A link whose transmit queue stands still: for tests of what happens then. No test here."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.kernel.vcan_users import link


@contextmanager
def jammed(name: str) -> Iterator[None]:
    """Keep frames in the queue, which takes ten; at the end they go, if the link is still there."""
    _tc(
        f"qdisc add dev {name} root plug limit 160",
        f"qdisc change dev {name} root plug block",
    )
    yield
    if link(name) is not None:
        _tc(f"qdisc change dev {name} root plug release_indefinite")


def _tc(*lines: str) -> None:
    subprocess.run(["tc", "-batch", "-"], input="\n".join(lines), text=True, check=True)
