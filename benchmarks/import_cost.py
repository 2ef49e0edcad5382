"""What `import canbus` costs over a bare interpreter, against `import can`: time and memory.

Each side is a fresh process, measured in turn; the figures are medians, less the bare one's.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from time import perf_counter_ns

from benchmarks.report import OURS, THEIRS, Report, Row

RUNS = 4
IMPORT = {OURS: "import canbus", THEIRS: "import can"}
OPEN = {
    OURS: "import canbus\ncanbus.Bus('x', interface='virtual').shutdown()",
    THEIRS: "import can\ncan.Bus('x', interface='virtual').shutdown()",
}
# Peak memory is asked of the process itself: what wait4() says includes the parent's at fork.
PEAK = "\nprint(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"


def run_fresh(code: str) -> tuple[float, int]:
    """Milliseconds of wall time and peak resident KiB of one fresh interpreter."""
    start = perf_counter_ns()
    said = subprocess.run([sys.executable, "-c", code + PEAK], check=True, capture_output=True)
    return (perf_counter_ns() - start) / 1e6, int(said.stdout)


def measure(report: Report) -> None:
    for title, sides in (("import", IMPORT), ("import and open a virtual bus", OPEN)):
        runs: dict[str, list[tuple[float, int]]] = {"bare": [], THEIRS: [], OURS: []}
        for _ in range(RUNS + 1):
            for side, rows in runs.items():
                rows.append(run_fresh(sides.get(side, "pass")))
        for place, what, unit in ((0, "time", "ms"), (1, "memory", "KiB")):
            # The first round reads the files in.
            found = {
                side: statistics.median(row[place] for row in rows[1:])
                for side, rows in runs.items()
            }
            values = {side: found[side] - found["bare"] for side in sides}
            report.add(Row(f"{title}, {what}", unit, values))
