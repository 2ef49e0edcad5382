"""Fuzz the slcan codec with atheris: `python tests/fuzz/lawicel.py --seconds 600`.

What must hold is in lawicel_check.py. Inputs that led somewhere are kept in .fuzz/lawicel, and
an input that broke something in .fuzz/lawicel-*. `make fuzz` sets everything up.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(description="Fuzz the slcan codec.")
    parser.add_argument("--seconds", type=int, default=60, help="how long (default 60)")
    parser.add_argument("input", nargs="?", help="check one file, such as a crash, and stop")
    options = parser.parse_args()
    try:
        import atheris
    except ImportError:
        sys.exit("atheris is missing: run `make fuzz`, or pip install atheris==3.0.0")
    sys.path.insert(0, str(ROOT))
    with atheris.instrument_imports(include=["canbus"]):
        from tests.fuzz.lawicel_check import SEEDS, check
    corpus = ROOT / ".fuzz" / "lawicel"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, line in enumerate(SEEDS):
        corpus.joinpath(f"seed-{number:02}").write_bytes(b"\x01\x06" + line + b"\r")
    arguments = [
        f"-max_total_time={options.seconds}",
        f"-artifact_prefix={corpus}-",
        "-max_len=2048",
        "-print_final_stats=1",
    ]
    atheris.Setup(
        [sys.argv[0], *([options.input] if options.input else [*arguments, str(corpus)])], check
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
