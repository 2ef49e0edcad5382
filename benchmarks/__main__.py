"""``python -m benchmarks``: every benchmark, in one run on one kernel (`make bench`).

Needs the right to create a vcan link, unless only parts are wanted that do without: import_cost
and those of slcan. The status is 0 whatever the figures: they are shown beside what the project
promises, and judged by people.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from types import ModuleType

from benchmarks import (
    awaiting,
    calls,
    cyclic_jitter,
    cyclic_setup,
    dispatching,
    dumping,
    filters,
    import_cost,
    loss_free,
    memory,
    receive,
    send,
    slcan_parse,
    slcan_receive,
    slcan_send,
)
from benchmarks.c_program import BUILT
from benchmarks.report import Report
from benchmarks.stage import stage
from benchmarks.timing import substrate

ON_A_STAGE = (
    receive,
    send,
    awaiting,
    memory,
    filters,
    calls,
    loss_free,
    cyclic_setup,
    cyclic_jitter,
)
ON_NO_STAGE = (dispatching, dumping, import_cost, slcan_parse, slcan_receive, slcan_send)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [_name(module) for module in (*ON_A_STAGE, *ON_NO_STAGE)]
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
    if wanted & {_name(module) for module in ON_A_STAGE}:
        _run_on_a_stage(wanted, report)
    for module in ON_NO_STAGE:
        _run(module, wanted, lambda m=module: m.measure(report))
    report.save(args.json)
    print(f"\n{report.table()}\nsaved in {args.json}")


def _run_on_a_stage(wanted: set[str], report: Report) -> None:
    if not BUILT.exists():
        print(f"{BUILT} is not there (`make bench` builds it): no figures for C")
    with stage() as set_up:
        for module in ON_A_STAGE:
            _run(module, wanted, lambda m=module: m.measure(set_up, report))


def _name(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def _run(module: ModuleType, wanted: set[str], work: Callable[[], None]) -> None:
    name = _name(module)
    if name in wanted:
        start = perf_counter()
        work()
        print(f"[{name}: {perf_counter() - start:.0f} s]", flush=True)


if __name__ == "__main__":
    main()
