"""Golden bytes: made by C programs against the kernel's headers, and how to read them."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent


def read(name: str) -> dict[str, bytes]:
    """The lines "name hex" of a golden file."""
    lines = (HERE / name).read_text().splitlines()
    return {key: bytes.fromhex(value) for key, value in (line.split() for line in lines)}
