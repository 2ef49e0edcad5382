"""Modules that the kernel has refused, as its log says: of another kernel, or unsigned.

The lines are those of kernel/module/main.c and version.c, and of security/lockdown/lockdown.c.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.hardware import FAMILIES, is_there
from canbus.bringup.doctor.system import System
from canbus.bringup.families import others
from canbus.bringup.families.intrepid.daemon import MODULE as _INTREPID

_FOREIGN = re.compile(r"^(\w+): (?:disagrees about version of symbol|version magic)")
_UNSIGNED = re.compile(r"(?i)unsigned module (?:loading )?is (?:restricted|rejected)")
_LIKE_CAN = re.compile(r"can|mcp25")


def look(system: System) -> Iterator[Finding]:
    """What was refused and has not come since; nothing if the interface asked about is there."""
    if is_there(system):
        return
    foreign = {}
    for line in system.kernel_log or ():
        found = _FOREIGN.search(line)
        if found and _is_can(found[1]) and not system.has_module(found[1]):
            foreign[found[1]] = line
    for module, line in foreign.items():
        yield _of_another_kernel(system, module, line)
    unsigned = [line for line in system.kernel_log or () if _UNSIGNED.search(line)]
    if unsigned:
        yield _is_unsigned(unsigned[-1])


def _is_can(module: str) -> bool:
    drivers = {one.module for family in FAMILIES for one in family.drivers}
    rivals = {one for family in FAMILIES for one in family.rivals}
    known = drivers | rivals | {one.module for one in others.DRIVERS} | {_INTREPID}
    return module in known or _LIKE_CAN.search(module) is not None


def _of_another_kernel(system: System, module: str, line: str) -> Finding:
    return Finding(
        name="module-of-another-kernel",
        severity=Severity.ERROR,
        what=f"the module {module} was built for another kernel than {system.release}",
        evidence=(line,),
        meaning="A module that is no part of the kernel has to be built anew after every update of "
        "that, against the very headers of the one that runs.",
        commands=(
            f"# install the headers of {system.release}; in {module}'s sources:",
            "make clean && make && sudo make install",
        ),
        likelihood=Likelihood.LIKELY,
    )


def _is_unsigned(line: str) -> Finding:
    return Finding(
        name="module-unsigned",
        severity=Severity.ERROR,
        what="the kernel takes signed modules only, and has refused one",
        evidence=(line,),
        meaning="With Secure Boot, modules that somebody has built himself need a signature whose "
        "key the firmware knows.",
        commands=(
            "mokutil --sb-state",
            "# sign it (DKMS does, once its key is enrolled: sudo mokutil --import); or switch",
            "# Secure Boot off",
        ),
        likelihood=Likelihood.POSSIBLE,
    )
