"""The QEMU guest: a PC with emulated CAN and USB controllers. Ten times slower than the host.

Only what differs from the other guest; `run` starts and watches it.
"""

import shlex
from pathlib import Path

from . import host_tools, machine
from .machine import Launch
from .paths import cache_dir
from .request import Request

EARLY_MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay", "virtio_rng")
NINE_P = "trans=virtio,version=9p2000.L,msize=512000"
# Whatever a PC has and the lab does not need costs boot time.
MACHINE = "q35,usb=off,vmport=off,sata=off,smbus=off,graphics=off"
# tsc: with several processors the kernel would distrust it, and reading the clock would then be
# a system call. In an emulated machine it is one counter for all.
# no_timer_check: on a busy machine the test of the timer interrupt finds none in time, and panics.
KERNEL_ARGUMENTS = (
    "console=ttyS0 quiet panic=-1 tsc=reliable no_timer_check mitigations=off nokaslr rdinit=/init"
)


def launch(request: Request, run_dir: Path) -> Launch:
    """Prepare the guest's files and the command that starts it."""
    kernel = cache_dir() / "qemu"
    modules = machine.one_folder(kernel / "lib" / "modules")
    found = machine.shares(request, run_dir)
    # mmap: nothing is cached, so that host and guest agree, yet files can be mapped writable.
    mounts = [
        (machine.mount("9p", f"{NINE_P},cache=mmap", share.tag), share.guest) for share in found
    ]
    root = machine.mount("9p", f"{NINE_P},cache=loose,ro", "root") + " /lower"
    initrd = machine.prepare(request, run_dir, modules, EARLY_MODULES, root, mounts)
    argv = [host_tools.qemu(), "-M", MACHINE]
    argv += ["-accel", "tcg,thread=multi", "-cpu", "max"]
    argv += ["-m", f"{request.memory_mib}M", "-smp", str(request.cpus)]
    argv += ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
    argv += ["-serial", "stdio", "-device", "virtio-rng-pci"]
    argv += ["-kernel", str(kernel / "boot" / "vmlinux"), "-initrd", str(initrd)]
    argv += ["-append", KERNEL_ARGUMENTS]
    argv += _share("root", Path("/"), ",readonly=on")
    for share in found:
        argv += _share(share.tag, share.host)
    for text in request.qemu_args:
        argv += shlex.split(text)
    return Launch(argv, refused=1)


def _share(tag: str, folder: Path, more: str = "") -> list[str]:
    path = str(folder).replace(",", ",,")
    return [
        "-fsdev",
        # remap: the host's root spans several file systems whose inode numbers may clash
        f"local,id=fs-{tag},path={path},security_model=none,multidevs=remap{more}",
        "-device",
        f"virtio-9p-pci,fsdev=fs-{tag},mount_tag={tag}",
    ]
