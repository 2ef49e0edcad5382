"""The checks, in the order in which a frame meets them: kernel, board, driver, link, bus, others.

Order decides between findings that are alike; a new check is a line here and a file in checks/.
"""

from __future__ import annotations

from canbus.bringup.doctor.check import Check
from canbus.bringup.doctor.checks import health

CHECKS: tuple[Check, ...] = (Check("health", "interfaces that nothing is wrong with", health.look),)
