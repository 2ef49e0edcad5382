"""``python -m benchmarks``: every benchmark, in one run on one kernel (`make bench`).

Needs the right to create a vcan link. The status is 0 whatever the figures: they are shown
beside what the project promises, and judged by people.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from benchmarks import (
    calls,
    cyclic_jitter,
    cyclic_setup,
    dumping,
    filters,
    import_cost,
    loss_free,
    memory,
    receive,
    send,
)
from benchmarks.c_program import BUILT
from benchmarks.report import Report
from benchmarks.stage import stage
from benchmarks.timing import substrate

ON_A_STAGE = (
    receive,
    send,
    memory,
    filters,
    calls,
    loss_free,
    cyclic_setup,
    cyclic_jitter,
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [module.__name__.rpartition(".")[2] for module in (*ON_A_STAGE, dumping, import_cost)]
    parser.add_argument("--only", choices=names, action="append", help="by default all")
    parser.add_argument(
        "--json",
        type=Path,
        default=Path(os.environ.get("BENCH_JSON") or ".bench/latest.json"),
        help="where to save the figures; also BENCH_JSON (default: %(default)s)",
    )
    args = parser.parse_args()
    wanted = set(args.only or names)
    report = Report(substrate())
    if not BUILT.exists():
        print(f"{BUILT} is not there (`make bench` builds it): no figures for C")
    with stage() as set_up:
        for module in ON_A_STAGE:
            _run(module.__name__, wanted, lambda m=module: m.measure(set_up, report))
    _run(dumping.__name__, wanted, lambda: dumping.measure(report))
    _run(import_cost.__name__, wanted, lambda: import_cost.measure(report))
    report.save(args.json)
    print(f"\n{report.table()}\nsaved in {args.json}")


def _run(module: str, wanted: set[str], work: Callable[[], None]) -> None:
    name = module.rpartition(".")[2]
    if name in wanted:
        start = perf_counter()
        work()
        print(f"[{name}: {perf_counter() - start:.0f} s]", flush=True)


if __name__ == "__main__":
    main()
