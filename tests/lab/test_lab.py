"""The parts of the lab that need no kernel. Real boots are in `test_boots`."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from . import (
    cli,
    guest_script,
    host_tools,
    initramfs,
    kernel_image,
    machine,
    qemu,
    systemd_script,
    uml,
)
from .errors import LabError
from .packages import _is_download_setting
from .paths import CHECKOUT
from .request import Request


def request(*words: str) -> Request:
    parsed = cli.parse(list(words))
    assert parsed is not None
    return parsed


# --- arguments -----------------------------------------------------------------------------------


def test_the_defaults(monkeypatch):
    monkeypatch.chdir(CHECKOUT)
    found = request("uml", "--", "true")
    assert found == Request("uml", ("true",), CHECKOUT)
    found.check()


def test_every_option(tmp_path):
    words = "qemu --cpus 2 --mem 1G --timeout 1.5 --qemu-arg=-a --env A=b=c --env B= --out OUT"
    words = words.replace("OUT", str(tmp_path))
    found = request(*words.split(), "--", "x", "--", "--mem")
    assert found.command == ("x", "--", "--mem")
    assert (found.cpus, found.memory_mib, found.timeout) == (2, 1024, 1.5)
    assert found.qemu_args == ("-a",)
    assert found.env == (("A", "b=c"), ("B", ""))
    assert found.out == tmp_path


def test_fetch_alone_is_no_request():
    assert cli.parse(["--fetch"]) is None


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("-- true", "uml, qemu or systemd"),
        ("xen -- true", "xen"),
        ("uml true", "true"),
        ("uml --", "no command"),
        ("uml -- --mem", "dash"),
        ("uml --cpus 2 -- true", "--cpus 2"),
        ("qemu --cpus 0 -- true", "--cpus 0"),
        ("uml --qemu-arg=-x -- true", "--qemu-arg"),
        ("qemu --qemu-arg=' -- true", "No closing quotation"),
        ("uml --mem 63 -- true", "at least 64M"),
        ("qemu --mem 127M -- true", "at least 128M"),
        ("systemd --mem 255M -- true", "at least 256M"),
        ("qemu --keep disk -- true", "--keep"),
        ("systemd --keep no/such/disk -- true", "no such folder"),
        ("systemd --files no/such -- true", "not a folder"),
        ("uml --timeout nan -- true", "--timeout"),
        ("uml --env A -- true", "NAME=VALUE"),
        ("uml --env 1=2 -- true", "--env 1"),
        ("uml --env LAB_OUT=2 -- true", "LAB_OUT"),
        ("uml --bogus -- true", "--bogus"),
    ],
)
def test_refusals_are_one_line_and_status_2(words, complaint, capfd):
    assert cli.answer(words.split()) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("lab: ")
    assert err.count("\n") == 1
    assert complaint in err


def test_a_directory_the_guest_does_not_see_is_refused():
    with pytest.raises(LabError, match="/tmp"):
        Request("uml", ("true",), Path("/tmp/x")).check()
    Request("uml", ("true",), Path("/tmp/x"), out=Path("/tmp")).check()
    with pytest.raises(LabError, match="sees the checkout"):
        Request("systemd", ("true",), Path("/usr")).check()


# --- scripts -------------------------------------------------------------------------------------

AWKWARD = ["a b", "", "it's", '"', "new\nline", "$HOME `id` @RUN@", "*", "--", "\\", "\udcff"]


def test_the_job_script_keeps_every_argument():
    asked = Request("uml", ("printf", "<%s>", *AWKWARD), Path("/a b"), env=(("A", "x'y\n@PATH@"),))
    text = guest_script.job_script(asked, Path("/t"), Path("/p"))
    # The line that matters, run by the shell of this machine.
    command = text[text.index("(exec ") : text.index(" >/run/lab/log")]
    ran = subprocess.run(["/bin/sh", "-c", os.fsencode(command)], capture_output=True, check=True)
    assert os.fsdecode(ran.stdout) == "".join(f"<{word}>" for word in AWKWARD)
    assert "cd '/a b'" in text
    assert "export A='x'\"'\"'y\n@PATH@'" in text


def test_the_init_script_is_sound_shell():
    layout = guest_script.Layout(
        root_mount="mount -t hostfs -o ro none /lower",
        share_mounts=(("mount -t hostfs -o '/a b' none", "/a b"),),
        views=(Path("/c d"),),
        modules=Path("/m/6.1"),
        tools=Path("/t"),
    )
    text = guest_script.init_script(layout)
    subprocess.run(["/bin/sh", "-n", "-c", text], check=True)
    assert "@" not in text
    assert "mkdir -p /new'/a b' && mount -t hostfs -o '/a b' none /new'/a b' || die" in text
    # Kept before the fresh /tmp hides it, shown after the share is there.
    places = [text.index(what) for what in ("keep 0 '/c d'", "tmp tmp", "'/a b'", "show 0 '/c d'")]
    assert places == sorted(places)


def test_the_scripts_of_the_systemd_guest_are_sound_shell():
    layout = systemd_script.Layout((("mount -t 9p -o '/a b' none", "/a b"),), (Path("/c d"),))
    asked = Request("systemd", ("printf", "<%s>", *AWKWARD), Path("/a b"))
    for text in (systemd_script.init_script(layout), systemd_script.job_script(asked)):
        subprocess.run(["/bin/sh", "-n", "-c", os.fsencode(text)], check=True)
        assert "'/a b'" in text


# --- the initramfs -------------------------------------------------------------------------------


def test_the_archive_is_what_cpio_reads():
    entries = [
        initramfs.Entry("d", stat.S_IFDIR | 0o755),
        initramfs.Entry("d/file", stat.S_IFREG | 0o644, b"12345"),
    ]
    archive = initramfs.cpio(entries)
    assert len(archive) % 4 == 0
    found = list(members(archive))
    assert found == [
        ("d", stat.S_IFDIR | 0o755, b""),
        ("d/file", stat.S_IFREG | 0o644, b"12345"),
        ("TRAILER!!!", 0, b""),
    ]


def members(archive: bytes):
    at = 0
    while at < len(archive):
        assert archive[at : at + 6] == b"070701"
        fields = [int(archive[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        name = archive[at + 110 : at + 110 + fields[11] - 1].decode()
        start = at + 110 + fields[11]
        start += -start % 4
        yield name, fields[1], archive[start : start + fields[6]]
        at = start + fields[6]
        at += -at % 4


def test_modules_load_after_what_they_need():
    table = (
        "k/fs/9p/9p.ko: k/net/9p/9pnet.ko k/fs/fscache.ko k/fs/netfs.ko\n"
        "k/net/9p/9pnet_virtio.ko: k/net/9p/9pnet.ko k/virtio.ko\n"
        "k/fs/overlay-x.ko:\n"
    )
    order = initramfs.load_order(table, ("9pnet_virtio", "9p", "overlay_x", "built_in"))
    assert [Path(path).stem for path in order] == [
        "virtio", "9pnet", "9pnet_virtio", "netfs", "fscache", "9p", "overlay-x",
    ]  # fmt: skip


@pytest.mark.parametrize("image", [b"", b"x" * 5000, b"\0" * 0x202 + b"HdrS" + b"\0" * 0x100])
def test_a_kernel_that_cannot_be_unpacked_stays_as_it_is(image):
    assert kernel_image.uncompressed(image) == image


# --- the host ------------------------------------------------------------------------------------


def test_a_missing_program_is_named_with_its_package():
    with pytest.raises(LabError, match="no-such-program is missing: install some-package"):
        host_tools.require("no-such-program", "some-package")


def test_without_root_qemu_is_only_asked_for(monkeypatch):
    monkeypatch.setattr(host_tools, "find", lambda program: None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LabError, match=r"apt-get install .* qemu-system-x86"):
        host_tools.qemu()


def test_of_the_hosts_apt_only_the_download_settings_count():
    assert _is_download_setting('Acquire::http::Proxy "http://proxy:3128";')
    assert not _is_download_setting('Acquire::Languages "de";')
    assert not _is_download_setting('APT::Update::Post-Invoke:: "rm x";')


def test_no_room_for_the_guests_memory_is_refused():
    with pytest.raises(LabError, match="no 1073741824 MiB"):
        uml.memory_folder(2**30)


def test_an_output_folder_in_the_checkout_is_shared_once(tmp_path):
    inside = Request("uml", ("x",), CHECKOUT, out=CHECKOUT / "out")
    outside = Request("uml", ("x",), CHECKOUT, out=tmp_path)
    assert [share.tag for share in machine.shares(inside, tmp_path)] == ["run", "checkout"]
    assert [share.tag for share in machine.shares(outside, tmp_path)] == ["run", "checkout", "out"]


def test_a_comma_in_a_path_is_doubled_for_qemu():
    assert "path=/a,,b," in qemu.share("t", Path("/a,b"))[1]
