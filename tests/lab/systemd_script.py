"""The two shell scripts inside the `systemd` guest, as text. Nothing here touches the host.

`init_script` is process 1 of the initramfs: it mounts the disk and hands over to systemd.
`job_script` is what systemd's `lab-job.service` runs once everything else has been started.
"""

from dataclasses import dataclass
from pathlib import Path
from shlex import join, quote

from .guest_script import PATH, RUN, fill, variables
from .request import Request

INIT = r"""#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s /bin
export PATH=/bin
die() { echo "lab: $*"; poweroff -f; }

for module in $(cat /modules.order); do
    insmod "/modules/$module" || die "cannot load $module"
done
mount -t devtmpfs dev /dev
mkdir -p /new
mount -t ext4 -o noatime /dev/vda /new || die "cannot mount the disk"
# systemd leaves alone what is mounted already.
mount -t tmpfs -o mode=755 run /new/run
@SHARES@
if [ -d /new@RUN@/files ]; then
    cp -R /new@RUN@/files/. /new || die "cannot lay the files over the disk"
fi
printf '%s\n' @IMPORTS@ >/new/usr/lib/python3/dist-packages/lab.pth
umount /dev /proc
exec env -i /bin/switch_root /new /usr/lib/systemd/systemd
"""

JOB = r"""#!/bin/sh
# exec: a failure is told before the guest ends, and an argument of the shell is no command.
export PATH=@PATH@
export HOME=/root TERM=dumb LANG=C.UTF-8
@ENV@
udevadm settle
# Units that a device starts are part of no target: this waits for them, too, failed or not.
systemctl is-system-running --wait >/dev/null
cd @CWD@ && (exec @COMMAND@) >@RUN@/log 2>&1 </dev/null
status=$?
[ "$status" = 0 ] || journalctl -b --no-pager >@RUN@/journal 2>&1
echo "$status" >@RUN@/status.tmp
# Renamed when complete, so that the host never reads half a status.
sync; mv @RUN@/status.tmp @RUN@/status; sync
exec systemctl --no-block poweroff
"""


@dataclass(frozen=True)
class Layout:
    """What the guest's file system has besides the disk."""

    share_mounts: tuple[tuple[str, str], ...]  # (command without its mount point, mount point)
    imports: tuple[Path, ...]  # where Python finds canbus and what it depends on


def init_script(layout: Layout) -> str:
    """Text of /init."""
    shares = [
        f"mkdir -p /new{quote(point)} && {command} /new{quote(point)} || die no {quote(point)}"
        for command, point in layout.share_mounts
    ]
    imports = join(map(str, layout.imports))
    return fill(INIT, SHARES="\n".join(shares), IMPORTS=imports, RUN=RUN)


def job_script(request: Request) -> str:
    """Text of the script that runs the command."""
    return fill(
        JOB,
        ENV=variables(request),
        CWD=quote(str(request.cwd)),
        COMMAND=join(request.command),
        PATH=PATH,
        RUN=RUN,
    )
