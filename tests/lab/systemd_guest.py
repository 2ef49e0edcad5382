"""The `systemd` guest: QEMU's PC with a disk, Debian trixie on it, started by the real systemd.

For what has to survive a reboot. Only what differs from the other guests; `run` starts and
watches it.
"""

import os
from pathlib import Path

from . import bytecode, initramfs, machine, qemu, root_disk, systemd_script
from .machine import Launch
from .paths import CHECKOUT, busybox, cache_dir
from .request import Request

# crc32c: ext4 asks the kernel's crypto for it, which nobody could load yet.
EARLY_MODULES = (*qemu.TRANSPORT, "virtio_blk", "crc32c_generic", "ext4")
KERNEL_ARGUMENTS = f"{qemu.KERNEL_ARGUMENTS} systemd.show_status=no audit=0 lsm=yama"
SHUTDOWN = 120.0  # seconds; services are stopped one by one, with an emulated processor


def launch(request: Request, run_dir: Path) -> Launch:
    """Prepare the guest's disk and files, and the command that starts it."""
    disk = request.disk or run_dir / "disk"
    if not disk.exists():
        root_disk.copy(disk)
    bytecode.compile_checkout(root_disk.packages_dir())
    job = systemd_script.job_script(request)
    (run_dir / "job").write_bytes(os.fsencode(job))
    shares = machine.shares(request, run_dir)
    argv = qemu.command(request, _initramfs(request, run_dir), KERNEL_ARGUMENTS)
    argv += ["-drive", f"file={qemu.escaped(disk)},if=virtio,format=raw,cache=unsafe"]
    for share in shares:
        argv += qemu.share(share.tag, share.host, read_only=share.host == CHECKOUT)
    return Launch(argv + qemu.extra(request), refused=1, shutdown=SHUTDOWN)


def _initramfs(request: Request, run_dir: Path) -> Path:
    """Written into the run folder."""
    mounts = []
    for share in machine.shares(request, run_dir):
        # What only the host changes, and not while the guest runs, is read once.
        caching = "cache=loose,ro" if share.host == CHECKOUT else "cache=mmap"
        options = f"{qemu.NINE_P},{caching}"
        mounts.append((machine.mount("9p", options, share.tag), share.guest))
    init = systemd_script.init_script(systemd_script.Layout(tuple(mounts), bytecode.imports()))
    modules = machine.one_folder(cache_dir() / "qemu" / "lib" / "modules")
    path = run_dir / "initramfs"
    path.write_bytes(initramfs.build(modules, EARLY_MODULES, busybox(), init))
    return path
