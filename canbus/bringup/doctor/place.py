"""Where a system runs: a machine of its own, a container, Windows. Read from its files alone."""

from __future__ import annotations

import re

from canbus.bringup.doctor.system import System

_MARKS = {"/.dockerenv": "Docker", "/run/.containerenv": "Podman"}
_GROUPS = re.compile(r"/(docker|kubepods|lxc|containerd|libpod|machine\.slice)\b")
_ALL_IDS = ["0", "0", "4294967295"]  # /proc/self/uid_map of the initial user namespace


def container_evidence(system: System) -> tuple[str, ...]:
    """What tells that this is a container; nothing if nothing does.

    The marks are those of https://systemd.io/CONTAINER_INTERFACE and of Docker and Podman. Where
    process 2 is the kernel's, they are left over: a machine runs from a container's files.
    """
    if system.text("/proc/2/comm") == "kthreadd":
        return ()
    found = [f"{path} is there ({whose})" for path, whose in _MARKS.items() if system.exists(path)]
    kind = system.text("/run/systemd/container")
    if kind and kind != "wsl":
        found.append(f"/run/systemd/container: {kind[:40]}")
    group = _GROUPS.search(system.text("/proc/1/cgroup"))
    if group:
        found.append(f"/proc/1/cgroup: {group[0]}")
    return tuple(found)


def namespace_evidence(system: System) -> tuple[str, ...]:
    """What tells that this process is in namespaces of its own, container or not."""
    found = []
    mine, first = system.target("/proc/self/ns/net"), system.target("/proc/1/ns/net")
    if mine and first and mine != first:
        found.append(f"/proc/self/ns/net is {mine}, that of process 1 {first}")
    ids = system.text("/proc/self/uid_map").split()
    if ids and ids != _ALL_IDS:
        found.append(f"/proc/self/uid_map: {' '.join(ids[:3])}, a user namespace")
    return tuple(found)


def is_wsl(system: System) -> bool:
    """Whether it is the Windows Subsystem for Linux, by its kernel's name."""
    return "microsoft" in system.text("/proc/sys/kernel/osrelease").lower()
