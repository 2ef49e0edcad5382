"""The User-mode Linux guest: a kernel that is an ordinary process. Quick; no hardware, no ISO-TP.

Only what differs from the other guest; `run` starts and watches it.
"""

import os
import tempfile
from pathlib import Path

from . import machine
from .errors import LabError
from .machine import Launch
from .paths import cache_dir
from .request import Request

EARLY_MODULES = ("overlay",)


def launch(request: Request, run_dir: Path) -> Launch:
    """Prepare the guest's files and the command that starts it."""
    modules = machine.one_folder(cache_dir() / "uml" / "usr" / "lib" / "uml" / "modules")
    mounts = [
        (machine.mount("hostfs", str(share.host), "none"), share.guest)
        for share in machine.shares(request, run_dir)
    ]
    root = "mount -t hostfs -o ro none /lower"
    initrd = machine.prepare(request, run_dir, modules, EARLY_MODULES, root, mounts)
    argv = [
        str(cache_dir() / "uml" / "usr" / "bin" / "linux.uml"),
        f"mem={request.memory_mib}M",
        f"initrd={initrd}",
        "rdinit=/init",
        "quiet",
        "panic=-1",  # end at once instead of waiting for somebody to look
        "con=null",
        "con0=fd:0,fd:1",
        f"uml_dir={run_dir}",  # its control socket, otherwise left in ~/.uml when killed
        "umid=guest",
    ]
    return Launch(argv, {**os.environ, "TMPDIR": str(memory_folder(request.memory_mib))})


def memory_folder(mebibytes: int) -> Path:
    """Where the guest's RAM can live: it is a mapped file, and too small a disk means SIGBUS."""
    candidates = [Path("/dev/shm"), Path(tempfile.gettempdir()), cache_dir()]
    for folder in candidates:
        if folder.is_dir() and os.access(folder, os.W_OK) and _suits(folder, mebibytes):
            return folder
    places = ", ".join(map(str, candidates))
    raise LabError(
        f"no {mebibytes} MiB for the guest's memory in {places}; free some or set TMPDIR"
    )


def _suits(folder: Path, mebibytes: int) -> bool:
    found = os.statvfs(folder)
    roomy = found.f_bavail * found.f_frsize > 1.2 * mebibytes * 2**20
    # User-mode Linux executes from that file; containers like to mount /dev/shm noexec.
    return roomy and not found.f_flag & os.ST_NOEXEC
