"""The QEMU guest: a PC with emulated CAN and USB controllers. Ten times slower than the host.

Only what differs from the other guest; `run` starts and watches it.
"""

import shlex
from pathlib import Path

from . import host_tools, machine
from .machine import Launch
from .paths import cache_dir
from .request import Request

TRANSPORT = ("virtio_pci", "9pnet_virtio", "9p", "virtio_rng")
EARLY_MODULES = (*TRANSPORT, "overlay")
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
    modules = machine.one_folder(_kernel() / "lib" / "modules")
    found = machine.shares(request, run_dir)
    # mmap: nothing is cached, so that host and guest agree, yet files can be mapped writable.
    mounts = [
        (machine.mount("9p", f"{NINE_P},cache=mmap", share.tag), share.guest) for share in found
    ]
    root = machine.mount("9p", f"{NINE_P},cache=loose,ro", "root") + " /lower"
    initrd = machine.prepare(request, run_dir, modules, EARLY_MODULES, root, mounts)
    argv = command(request, initrd, KERNEL_ARGUMENTS)
    argv += share("root", Path("/"), read_only=True)
    for each in found:
        argv += share(each.tag, each.host)
    return Launch(argv + extra(request), refused=1)


def command(request: Request, initrd: Path, arguments: str) -> list[str]:
    """QEMU with the lab's machine and kernel, before folders, disks and the user's own."""
    argv = [host_tools.qemu(), "-M", MACHINE]
    argv += ["-accel", "tcg,thread=multi", "-cpu", "max"]
    argv += ["-m", f"{request.memory_mib}M", "-smp", str(request.cpus)]
    argv += ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
    argv += ["-serial", "stdio", "-device", "virtio-rng-pci"]
    argv += ["-kernel", str(_kernel() / "boot" / "vmlinux"), "-initrd", str(initrd)]
    return [*argv, "-append", arguments]


def share(tag: str, folder: Path, *, read_only: bool = False) -> list[str]:
    """Arguments for a folder of the host."""
    # remap: the host's root spans several file systems whose inode numbers may clash
    options = "security_model=none,multidevs=remap" + (",readonly=on" if read_only else "")
    return [
        "-fsdev",
        f"local,id=fs-{tag},path={escaped(folder)},{options}",
        "-device",
        f"virtio-9p-pci,fsdev=fs-{tag},mount_tag={tag}",
    ]


def extra(request: Request) -> list[str]:
    """What the user adds."""
    return [word for text in request.qemu_args for word in shlex.split(text)]


def escaped(path: Path) -> str:
    """A path inside an option: commas separate options."""
    return str(path).replace(",", ",,")


def _kernel() -> Path:
    return cache_dir() / "qemu"
