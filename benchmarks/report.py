"""What was measured, kept, shown as a table and saved as JSON. Nothing is measured here."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

THEIRS, OURS, BARE, C = "python-can", "canbus", "bare socket", "C"
SIDES = (THEIRS, OURS, BARE, C)


@dataclass
class Row:
    """One comparison.

    Attributes:
        title: what was done.
        unit: of the values.
        values: what each side took; the more the worse, unless `more_is_better`.
        floor: the ratio python-can / canbus that this project promises.
        ceiling: the value of canbus that it promises not to pass.
        note: what a reader has to know.
    """

    title: str
    unit: str
    values: dict[str, float]
    floor: float | None = None
    ceiling: float | None = None
    more_is_better: bool = False
    note: str = ""

    def ratio(self, side: str) -> float | None:
        """How many times better canbus is than a side."""
        other, ours = self.values.get(side), self.values.get(OURS)
        if other is None or ours is None or other <= 0 or ours <= 0:
            return None  # one of them is not there, or too small to be told from nothing
        return ours / other if self.more_is_better else other / ours

    @property
    def verdict(self) -> str:
        """Whether the promise is kept; empty where there is none."""
        if self.floor is not None:
            ratio = self.ratio(THEIRS)
            met = ratio is not None and ratio >= self.floor
            return f">= {self.floor:g}x {'met' if met else 'NOT met'}"
        if self.ceiling is not None:
            met = self.values[OURS] <= self.ceiling
            return f"<= {self.ceiling:.3g} {'met' if met else 'NOT met'}"
        return ""


@dataclass
class Report:
    """Every row of a run.

    Attributes:
        substrate: what it ran on.
        rows: in the order in which they were measured.
    """

    substrate: str
    rows: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Keep a row, and show that it is there."""
        self.rows.append(row)
        print(
            "  ".join(part for part in (row.title, _ratio(row, THEIRS), row.verdict) if part),
            flush=True,
        )

    def table(self) -> str:
        """All rows, for people."""
        lines = [
            f"# {self.substrate}",
            "# medians; a ratio says how many times better canbus is than that side",
            f"{'':<44}{'unit':<14}"
            + "".join(f"{side:>12}" for side in SIDES)
            + "".join(f"{'/ ' + side:>14}" for side in SIDES if side != OURS)
            + "  promised",
        ]
        for row in self.rows:
            values = "".join(f"{_number(row.values.get(side)):>12}" for side in SIDES)
            ratios = "".join(f"{_ratio(row, side):>14}" for side in SIDES if side != OURS)
            lines.append(f"{row.title:<44}{row.unit:<14}{values}{ratios}  {row.verdict}".rstrip())
        notes = [f"{row.title}: {row.note}" for row in self.rows if row.note]
        missed = [row.title for row in self.rows if "NOT" in row.verdict]
        verdict = f"NOT met: {', '.join(missed)}" if missed else "every promise is met"
        return "\n".join([*lines, "", *notes, "", verdict])

    def save(self, path: Path) -> None:
        """Write all of it as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [
            {
                "title": row.title,
                "unit": row.unit,
                "values": row.values,
                "ratios": {side: row.ratio(side) for side in SIDES if side != OURS},
                "floor": row.floor,
                "ceiling": row.ceiling,
                "verdict": row.verdict,
                "more_is_better": row.more_is_better,
                "note": row.note,
            }
            for row in self.rows
        ]
        path.write_text(json.dumps({"substrate": self.substrate, "rows": rows}, indent=2) + "\n")


def _ratio(row: Row, side: str) -> str:
    ratio = row.ratio(side)
    return "" if ratio is None else f"{ratio:.2f}x"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
