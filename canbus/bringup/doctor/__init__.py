"""Why no frame arrives: small checks, each with evidence, meaning, and what mends it.

    from canbus.bringup import doctor
    for finding in doctor.run("can0"):
        print(finding.severity.name, finding.what, *finding.commands)

The checks are in checks/, a file a subject, and listed in table.py. They read through a System
and change nothing; what `fix` does is what the finding says.
"""

from __future__ import annotations

from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.fixing import fix
from canbus.bringup.doctor.running import run
from canbus.bringup.doctor.system import System

__all__ = ["Finding", "Likelihood", "Severity", "System", "fix", "run"]
