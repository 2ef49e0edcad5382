"""What the `systemd` guest's root file system consists of: Debian trixie's packages and our files.

A table of contents, to be changed here and nowhere else. How it becomes a disk is in `root_disk`.
Packages are unpacked, not installed: what their scripts would have made stands here.
"""

SUITE = "trixie"

# Some of what Debian calls essential, then what the guest is for.
_PACKAGES = """
    base-files coreutils dash debianutils findutils grep hostname sed util-linux
    systemd udev dbus kmod iproute2 can-utils mount procps python3"""
PACKAGES = _PACKAGES.split()
# Needed by the scripts of packages, by logins, or by nobody here.
_NOT_NEEDED = """
    adduser debconf dpkg init-system-helpers libaudit-common libdb5.3t64 liblastlog2-2
    libpam-modules libpam-modules-bin libpam-runtime libsqlite3-0 media-types netbase
    openssl-provider-legacy perl-base tar tzdata dbus-session-bus-common sensible-utils"""
NOT_NEEDED = _NOT_NEEDED.split()
# Below the root, with `*`: left out of the disk.
OMITTED = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/bash-completion",
    "usr/share/zsh",
    "usr/share/lintian",
    "usr/share/bug",
    "usr/lib/x86_64-linux-gnu/gconv",
    "usr/lib/udev/hwdb.d/20-*",  # names of vendors; nothing in the rules depends on them
    "usr/lib/systemd/system-generators/systemd-[!f]*",  # but for fstab; each costs time
)

# The modules of the guest's kernel (bookworm's) by folder; what these need comes along.
MODULES = (
    "kernel/drivers/net/can",
    "kernel/net/can",
    "kernel/net/sched",
    "kernel/drivers/usb/class",
    "kernel/drivers/usb/common",
    "kernel/drivers/usb/core",
    "kernel/drivers/usb/host",
    "kernel/drivers/usb/serial",
    "kernel/drivers/usb/usbip",
    "kernel/drivers/tty",
    "kernel/fs/9p",
    "kernel/fs/autofs",
    "kernel/fs/configfs",
    "kernel/drivers/net/dummy.ko",
)

PASSWD = """\
root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
systemd-network:x:998:998:systemd Network Management:/:/usr/sbin/nologin
messagebus:x:997:997:System Message Bus:/nonexistent:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
# Every group that systemd's and udev's own rules name, with Debian's numbers.
GROUPS = {
    "root": 0, "daemon": 1, "adm": 4, "tty": 5, "disk": 6, "lp": 7, "kmem": 15, "dialout": 20,
    "cdrom": 24, "tape": 26, "audio": 29, "shadow": 42, "utmp": 43, "video": 44, "plugdev": 46,
    "staff": 50, "users": 100, "input": 101, "sgx": 102, "clock": 103, "kvm": 104, "render": 105,
    "messagebus": 997, "systemd-network": 998, "systemd-journal": 999, "nogroup": 65534,
}  # fmt: skip

# The host's command, when everything that multi-user.target wants has been started.
JOB_UNIT = """\
[Unit]
Description=The command of the lab
Requires=multi-user.target
After=multi-user.target

[Service]
Type=exec
ExecStart=/bin/sh /run/lab/job
"""
JOB_TARGET = """\
[Unit]
Description=Everything, then the command of the lab
Requires=multi-user.target
Wants=lab-job.service
After=multi-user.target
AllowIsolate=yes
"""
# Nobody sits at this console: tell what happened, and end.
EMERGENCY_UNIT = """\
[Unit]
Description=The end of a boot that failed
DefaultDependencies=no

[Service]
Type=oneshot
ExecStart=-/bin/sh -c '(dmesg; journalctl -b --no-pager) >/run/lab/journal; sync'
ExecStart=systemctl poweroff --force --force
"""
# A PC has 64 virtual terminals and much else: udev is told of what the lab is about.
COLDPLUG = """\
[Service]
ExecStart=
ExecStart=-udevadm trigger --action=add --subsystem-match=pci --subsystem-match=usb \\
    --subsystem-match=net --subsystem-match=usb-serial
ExecStart=-udevadm trigger --action=add --subsystem-match=tty --sysname-match=tty[A-Z]*
"""
# A condition that comes true later, with a limit: lab-until SECONDS COMMAND...
LAB_UNTIL = """\
#!/bin/sh
limit=$(($(date +%s) + $1)); shift
until "$@"; do
    [ "$(date +%s)" -lt "$limit" ] || { echo "lab-until: never true: $*"; exit 1; }
    sleep 0.2
done
"""
CANBUS = """\
#!/bin/sh
exec /usr/bin/python3 -m canbus "$@"
"""

FILES = {
    "etc/passwd": PASSWD,
    "etc/group": "".join(f"{name}:x:{number}:\n" for name, number in GROUPS.items()),
    "etc/hostname": "lab\n",
    "etc/hosts": "127.0.0.1 localhost lab\n",
    "etc/machine-id": "1abca11ab1e5c0ffee1abca11ab1e500\n",
    "etc/fstab": "",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files\n",
    "etc/systemd/journald.conf.d/lab.conf": "[Journal]\nStorage=volatile\nAudit=no\n",
    "etc/systemd/system/lab-job.service": JOB_UNIT,
    "etc/systemd/system/systemd-udev-trigger.service.d/lab.conf": COLDPLUG,
    "etc/systemd/system/lab.target": JOB_TARGET,
    "etc/systemd/system/emergency.service": EMERGENCY_UNIT,
    "usr/local/bin/lab-until": LAB_UNTIL,
    "usr/local/bin/canbus": CANBUS,
}

# Each costs up to a second, and has nothing to do here: caches, logins, terminals, TPMs, device
# nodes that nobody opens, folders that are on the disk already.
_MASKED = """
    dev-hugepages.mount dev-mqueue.mount run-lock.mount tmp.mount sys-fs-fuse-connections.mount
    sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount
    proc-sys-fs-binfmt_misc.automount systemd-binfmt.service procps.service
    getty.target systemd-logind.service systemd-user-sessions.service
    systemd-ask-password-console.path systemd-ask-password-wall.path
    systemd-creds.socket systemd-hostnamed.socket systemd-initctl.socket systemd-sysext.socket
    systemd-pcrextend.socket systemd-pcrlock.socket systemd-pcrmachine.service
    systemd-pcrphase-sysinit.service systemd-pcrphase.service
    systemd-tpm2-setup-early.service systemd-tpm2-setup.service
    ldconfig.service systemd-firstboot.service systemd-hibernate-clear.service
    systemd-hwdb-update.service systemd-journal-catalog-update.service
    systemd-journal-flush.service systemd-machine-id-commit.service
    systemd-random-seed.service systemd-remount-fs.service systemd-sysctl.service
    systemd-sysusers.service systemd-update-done.service
    kmod-static-nodes.service systemd-udev-load-credentials.service
    systemd-tmpfiles-clean.timer systemd-tmpfiles-setup.service
    systemd-tmpfiles-setup-dev-early.service systemd-tmpfiles-setup-dev.service"""
MASKED = _MASKED.split()

LINKS = {
    "etc/systemd/system/default.target": "lab.target",
    "etc/mtab": "../proc/self/mounts",
    "var/run": "/run",
    "var/lock": "/run/lock",
    **{f"etc/systemd/system/{unit}": "/dev/null" for unit in MASKED},
}
