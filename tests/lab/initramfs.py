"""Builds the initramfs: a cpio archive of busybox, a few modules and /init.

Knows the archive format and the order of modules; not what the script in it does.
"""

import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """One member of the archive."""

    name: str
    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)


def cpio(entries: list[Entry]) -> bytes:
    """The `newc` format, the only one the kernel unpacks."""
    archive = bytearray()
    for inode, entry in enumerate([*entries, Entry("TRAILER!!!", 0)], 1):
        name = entry.name.encode() + b"\0"
        fields = (inode, entry.mode, 0, 0, 1, 0, len(entry.data), 0, 0)
        archive += b"070701"
        archive += b"".join(b"%08x" % f for f in (*fields, *entry.device, len(name), 0))
        for part in (name, entry.data):
            archive += part
            archive += b"\0" * (-len(archive) % 4)
    return bytes(archive)


def load_order(modules_dep: str, wanted: tuple[str, ...]) -> list[str]:
    """Paths of the wanted modules, each after the ones it needs; built-in ones are left out."""
    needs: dict[str, list[str]] = {}
    for line in modules_dep.splitlines():
        path, _, rest = line.partition(":")
        needs[module_name(path)] = [path, *rest.split()]
    order: list[str] = []
    for name in wanted:
        # depmod lists what is needed nearest first, so the reverse is the order of loading.
        order += [path for path in reversed(needs.get(name, [])) if path not in order]
    return order


def module_name(path: str) -> str:
    """`kernel/fs/9p/9p-net.ko` as the kernel calls it: `9p_net`."""
    return Path(path).name.partition(".ko")[0].replace("-", "_")


def build(modules: Path, wanted: tuple[str, ...], busybox: Path, init: str) -> bytes:
    """The archive for one guest. Debian's 6.1 modules are not compressed."""
    order = load_order((modules / "modules.dep").read_text(), wanted)
    folders = ("bin", "dev", "proc", "modules")
    names = [Path(path).name for path in order]
    return cpio(
        [
            *(Entry(name, stat.S_IFDIR | 0o755) for name in folders),
            # Process 1 gets its standard streams from here, before any file system is mounted.
            Entry("dev/console", stat.S_IFCHR | 0o600, device=(5, 1)),
            Entry("bin/busybox", stat.S_IFREG | 0o755, busybox.read_bytes()),
            *(
                Entry(
                    f"modules/{Path(path).name}",
                    stat.S_IFREG | 0o644,
                    (modules / path).read_bytes(),
                )
                for path in order
            ),
            Entry("modules.order", stat.S_IFREG | 0o644, "\n".join(names).encode()),
            Entry("init", stat.S_IFREG | 0o755, init.encode("utf-8", "surrogateescape")),
        ]
    )
