"""The two shell scripts that run inside the guest, as text. Nothing here touches the host.

`init_script` is process 1 of the initramfs: it puts the guest's file system together.
`job_script` takes over as process 1 in there, runs the command and leaves its exit status.
"""

from dataclasses import dataclass
from pathlib import Path
from shlex import join, quote

from .request import Request

# Where the host's run folder (job script in; log and status out) appears in the guest.
RUN = "/run/lab"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
KMOD_TOOLS = "modprobe insmod rmmod lsmod modinfo depmod"

INIT = r"""#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s /bin
export PATH=/bin
die() { echo "lab: $*"; poweroff -f; }

for module in $(cat /modules.order); do
    insmod "/modules/$module" || die "cannot load $module"
done
mkdir -p /lower /ram /new
@ROOT@ || die "cannot reach the root file system of the host"
mount -t tmpfs -o size=75% ram /ram && mkdir /ram/upper /ram/work
mount -t overlay -o lowerdir=/lower,upperdir=/ram/upper,workdir=/ram/work lab /new ||
    die "cannot lay the RAM overlay over the host's files"

# Taken before anything is mounted over them: a folder below /tmp would be hidden by then.
keep() { mkdir -p "/ram/view$1" "/new$2" && mount --bind "/new$2" "/ram/view$1"; }
show() { mkdir -p "/new$2" && mount --bind "/ram/view$1" "/new$2"; }
@KEEP@

cd /new
mkdir -p proc sys dev run tmp
mount -t proc proc proc
mount -t sysfs sys sys
mount -t devtmpfs dev dev
mkdir -p dev/pts dev/shm
mount -t devpts -o gid=5,mode=620,ptmxmode=666 pts dev/pts
mount -t tmpfs -o mode=1777 shm dev/shm
for pair in fd:/proc/self/fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do
    ln -sfn "${pair#*:}" "dev/${pair%%:*}"
done
mount -t tmpfs -o mode=755 run run && mkdir -p run/lock run/user
mount -t tmpfs -o mode=1777 tmp tmp
mount -t debugfs debug sys/kernel/debug 2>/dev/null
mount -t tracefs trace sys/kernel/tracing 2>/dev/null
@SHARES@
@SHOW@

# The kernel itself calls /sbin/modprobe, and looks for modules in one place only.
mkdir -p lib/modules/@VERSION@
mount --bind /lower@MODULES@ lib/modules/@VERSION@ || die "no kernel modules"
for tool in @KMOD_TOOLS@; do
    [ -e "sbin/$tool" ] || ln -s @TOOLS@/sbin/"$tool" "sbin/$tool"
done
hostname lab
ifconfig lo up
# exec, in process 1: kernel threads share its root, and so find modprobe in the new one.
# env -i: arguments of the kernel (mem=, uml_dir=) are variables of process 1.
exec env -i /bin/chroot /new /bin/sh @RUN@/job
"""

JOB = r"""#!/bin/sh
# User-mode Linux starts anew on `reboot`: a job runs once all the same.
mkdir @RUN@/started || exec @BUSYBOX@ poweroff -f
export PATH=@TOOLS@/usr/bin:@TOOLS@/sbin:@TOOLS@/bin:@PROGRAMS@:@PATH@
export HOME=/root TERM=dumb LANG=C.UTF-8
@ENV@
cd @CWD@ || { echo "lab: no such directory in the guest: "@CWD@; exec @BUSYBOX@ poweroff -f; }
# exec in a subshell: a command named like a builtin (exit, set) is looked up on PATH all the same.
(exec @COMMAND@) >@RUN@/log 2>&1 </dev/null
echo $? >@RUN@/status.tmp
# Renamed when complete, so that the host never reads half a status.
sync; mv @RUN@/status.tmp @RUN@/status; sync
exec @BUSYBOX@ poweroff -f
"""


@dataclass(frozen=True)
class Share:
    """A host folder mounted read-write in the guest."""

    tag: str
    host: Path
    guest: str


@dataclass(frozen=True)
class Layout:
    """How one guest's file system is put together."""

    root_mount: str  # the command that mounts the host's root on /lower
    share_mounts: tuple[tuple[str, str], ...]  # (command without its mount point, mount point)
    views: tuple[Path, ...]  # shown over the shares from the cached overlay; writes vanish
    modules: Path  # host folder named after the kernel release
    tools: Path


def init_script(layout: Layout) -> str:
    """Text of /init."""
    views = [(index, quote(str(path))) for index, path in enumerate(layout.views)]
    shares = [
        f"mkdir -p /new{quote(point)} && {command} /new{quote(point)} || die no {quote(point)}"
        for command, point in layout.share_mounts
    ]
    return fill(
        INIT,
        ROOT=layout.root_mount,
        KEEP="\n".join(f"keep {index} {path}" for index, path in views),
        SHOW="\n".join(f"show {index} {path}" for index, path in views),
        SHARES="\n".join(shares),
        VERSION=quote(layout.modules.name),
        MODULES=quote(str(layout.modules)),
        TOOLS=quote(str(layout.tools)),
        KMOD_TOOLS=KMOD_TOOLS,
        RUN=RUN,
    )


def job_script(request: Request, tools: Path, programs: Path) -> str:
    """Text of the script that runs the command."""
    return fill(
        JOB,
        ENV=variables(request),
        CWD=quote(str(request.cwd)),
        COMMAND=join(request.command),
        TOOLS=quote(str(tools)),
        PROGRAMS=quote(str(programs)),
        BUSYBOX=quote(str(tools / "bin" / "busybox")),
        PATH=PATH,
        RUN=RUN,
    )


def variables(request: Request) -> str:
    """The lines that export what the command finds in its environment."""
    env = [*request.env, ("LAB_SUBSTRATE", request.substrate)]
    if request.out:
        env.append(("LAB_OUT", str(request.out)))
    return "\n".join(f"export {name}={quote(value)}" for name, value in env)


def fill(template: str, **values: str) -> str:
    """Replace every @NAME@ in one pass, so that a value holding @NAME@ stays as it is."""
    pieces = template.split("@")
    # Odd pieces are names: the templates hold no other at sign.
    pieces[1::2] = [values[name] for name in pieces[1::2]]
    return "".join(pieces)
