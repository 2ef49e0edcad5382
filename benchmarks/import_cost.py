"""What `import canbus` costs over a bare interpreter, against `import can`: time and memory.

Each side is a fresh process, measured in turn; the figures printed are ratios of medians.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from time import perf_counter

IMPORT = ("import canbus", "import can")
OPEN = (
    "import canbus\ncanbus.Bus('x', interface='virtual').shutdown()",
    "import can\ncan.Bus('x', interface='virtual').shutdown()",
)


# Peak memory is asked of the process itself: what wait4() says includes the parent's at fork.
PEAK = "\nprint(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"


def measure(code: str) -> tuple[float, int]:
    """Seconds of wall time and peak resident KiB of one fresh interpreter."""
    start = perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    seconds = perf_counter() - start
    said = subprocess.run([sys.executable, "-c", code + PEAK], check=True, capture_output=True)
    return seconds, int(said.stdout)


def report(title: str, ours: str, theirs: str, runs: int) -> None:
    samples: dict[str, list[tuple[float, int]]] = {"pass": [], ours: [], theirs: []}
    for _ in range(runs):
        for code, rows in samples.items():
            rows.append(measure(code))
    seconds = {code: statistics.median(row[0] for row in rows) for code, rows in samples.items()}
    memory = {code: statistics.median(row[1] for row in rows) for code, rows in samples.items()}
    for what, figures in (("wall time", seconds), ("memory", memory)):
        added_ours = figures[ours] - figures["pass"]
        added_theirs = figures[theirs] - figures["pass"]
        print(f"{title}, added {what:<10} canbus / python-can = {added_ours / added_theirs:.3f}")


def main(runs: int = 25) -> None:
    report("import", *IMPORT, runs)
    report("import and open a virtual bus", *OPEN, runs)


if __name__ == "__main__":
    main()
