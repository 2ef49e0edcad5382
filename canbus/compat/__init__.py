"""Software that was written for python-can, with ours below or in the place of it.

Two ways, of which a program takes one:

- It goes on using python-can, and names ours: `can.Bus(interface="canbus", channel="can0")`.
  python-can finds interface.py by its entry point; nothing has to be imported.
- `canbus.compat.install()`, first thing in a program, or `python -m canbus.compat script.py`:
  from then on `import can` means canbus, in this process.

Nothing of ours stands on this package.
"""

from __future__ import annotations

from canbus.compat.installing import install

__all__ = ["install"]
