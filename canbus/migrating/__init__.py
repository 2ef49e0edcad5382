"""Lines of a program for python-can that need a thought when `import can` becomes canbus.

The rooms, from the bottom up:

- finding.py: a rule, and a line that it points at
- rules.py: the rules, in words, each for a row of docs/from-python-can.md
- names.py: what the names of a file stand for
- imports.py, opening.py, frames.py, use.py, listening.py: what breaks which rule
- reading.py: a file, and all of them on it

Source is read, never run; what only shows when it runs is not seen. Nothing is changed, and
nothing is printed: that is canbus/cli/migrate.py.
"""

from __future__ import annotations

from canbus.migrating.finding import Finding, Rule
from canbus.migrating.reading import findings_in
from canbus.migrating.rules import RULES

__all__ = ["RULES", "Finding", "Rule", "findings_in"]
