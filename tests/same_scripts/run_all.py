"""Runs all scripts of this folder in this process, and prints what each printed, as JSON.

usage: run_all.py INTERFACE CHANNEL [MODULE]

The scripts open buses without saying which: python-can's environment variables tell them. MODULE
is what `import can` in them becomes: `import MODULE as can`.
"""

from __future__ import annotations

import io
import json
import os
import sys
import traceback
from contextlib import redirect_stdout
from pathlib import Path

FOLDER = Path(__file__).parent


def run(path: Path, module: str) -> str:
    """What it prints; with the traceback if it fails."""
    text = path.read_text()
    assert text.count("\nimport can\n") == 1, path
    if module != "can":
        text = text.replace("\nimport can\n", f"\nimport {module} as can\n")
    out = io.StringIO()
    with redirect_stdout(out):
        try:
            exec(compile(text, str(path), "exec"), {"__name__": "__main__"})
        except Exception:
            traceback.print_exc(file=out)
    return out.getvalue()


def main(interface: str, channel: str, module: str = "can") -> None:
    os.environ["CAN_INTERFACE"] = interface
    os.environ["CAN_CHANNEL"] = channel
    seen = {path.name: run(path, module) for path in sorted(FOLDER.glob("[0-9]*.py"))}
    import can

    json.dump({"module": str(getattr(can, "__canbus__", can)), "printed": seen}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
