"""What `uml` and `qemu` have in common: the files prepared for a guest, the process to start.

Starts nothing itself, and knows neither substrate.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote

from . import guest_script, initramfs, programs
from .errors import LabError
from .guest_script import RUN, Layout, Share
from .paths import CHECKOUT, busybox, cache_dir, tools_dir
from .request import Request


@dataclass(frozen=True)
class Launch:
    """A guest as a host process."""

    argv: list[str]
    env: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    # The process's own exit status that means it refused its arguments and no kernel ran.
    refused: int | None = None
    # Seconds that it needs to shut down, when it is not done without; 0: it has no such thing.
    shutdown: float = 0.0


def shares(request: Request, run_dir: Path) -> list[Share]:
    """The folders through which the guest may change the host."""
    found = [Share("run", run_dir, RUN), Share("checkout", CHECKOUT, str(CHECKOUT))]
    if request.out and not request.out.is_relative_to(CHECKOUT):
        found.append(Share("out", request.out, str(request.out)))
    return found


def views() -> tuple[Path, ...]:
    """Folders that are only read, shown from the cached root rather than from a share.

    Every look at a share goes to the host anew; an emulated CPU importing a virtual environment
    that way takes seconds longer.
    """
    venv = CHECKOUT / ".venv"
    has_venv = venv.is_dir() and not venv.is_symlink()
    return (cache_dir(), venv) if has_venv else (cache_dir(),)


def one_folder(parent: Path) -> Path:
    """The only folder in `parent`: the one named after the kernel release."""
    folders = [path for path in parent.glob("*") if path.is_dir()]
    if len(folders) != 1:
        raise LabError(f"{parent} is damaged: remove {cache_dir()} and boot again")
    return folders[0]


def prepare(
    request: Request,
    run_dir: Path,
    modules: Path,
    early_modules: tuple[str, ...],
    root_mount: str,
    share_mounts: list[tuple[str, str]],
) -> Path:
    """Write the job and the initramfs into the run folder; the path of the latter."""
    job = guest_script.job_script(request, tools_dir(), programs.scripts_dir(programs.IN_GUESTS))
    (run_dir / "job").write_bytes(os.fsencode(job))
    layout = Layout(root_mount, tuple(share_mounts), views(), modules, tools_dir())
    init = guest_script.init_script(layout)
    archive = run_dir / "initramfs"
    archive.write_bytes(initramfs.build(modules, early_modules, busybox(), init))
    return archive


def mount(kind: str, options: str, source: str) -> str:
    """A mount command that only lacks its mount point."""
    return f"mount -t {kind} -o {quote(options)} {source}"
