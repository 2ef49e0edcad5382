"""``python -m benchmarks``: every benchmark, in one run on one kernel (`make bench`)."""

from benchmarks import import_cost, socketcan

socketcan.main()
import_cost.main(runs=7)
