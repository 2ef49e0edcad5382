"""Real boots: statuses, what the guest sees, CAN in it, tidying up. Slow; marked `lab`."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .paths import CHECKOUT, cache_dir

BOOT = str(Path(__file__).with_name("boot"))
AWKWARD = ["a b", "", "it's", '"', "new\nline", "$HOME `id` @RUN@", "*", "--", "\\", "\udcff"]

pytestmark = pytest.mark.lab


def boot(*words: str, cwd: Path = CHECKOUT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BOOT, *words], cwd=cwd, capture_output=True, text=True, timeout=100)


@pytest.fixture(params=["uml", "qemu"])
def substrate(request):
    return request.param


QEMU_IN_SOAK = pytest.mark.parametrize(
    "substrate", ["uml", pytest.param("qemu", marks=pytest.mark.soak)], indirect=True
)
"""For what the one script in both guests does: a boot of QEMU takes seconds."""


class TestStatuses:
    @pytest.mark.parametrize(
        ("script", "status"),
        [
            ("exit 3", 3),
            pytest.param("exit 0", 0, marks=pytest.mark.soak),
            pytest.param("kill -9 $$", 137, marks=pytest.mark.soak),
            pytest.param("exit 125", 125, marks=pytest.mark.soak),
        ],
    )
    def test_the_commands_own(self, substrate, script, status):
        done = boot(substrate, "--", "sh", "-c", f"echo out; echo err >&2; {script}")
        assert (done.returncode, done.stdout, done.stderr) == (status, "out\nerr\n", "")

    @pytest.mark.parametrize("command", ["no-such-command", "exit"])
    def test_not_found(self, command):
        done = boot("uml", "--", command, "7")
        assert done.returncode == 127
        assert "not found" in done.stdout

    @QEMU_IN_SOAK
    def test_time_out(self, substrate):
        seconds = {"uml": "10", "qemu": "30"}[substrate]  # enough to boot on a busy machine
        done = boot(substrate, "--timeout", seconds, "--", "sh", "-c", "echo so far; sleep 90")
        assert (done.returncode, done.stdout) == (124, "so far\n")
        assert f"timed out after {seconds} s" in done.stderr

    def test_panic(self, substrate):
        done = boot(substrate, "--", "sh", "-c", "echo so far; echo c >/proc/sysrq-trigger")
        assert (done.returncode, done.stdout) == (125, "so far\n")
        assert "Kernel panic - not syncing" in done.stderr

    @pytest.mark.soak
    def test_reboot_does_not_repeat_the_job(self, substrate):
        done = boot(substrate, "--", "sh", "-c", "echo once; echo b >/proc/sysrq-trigger; sleep 90")
        assert (done.returncode, done.stdout) == (125, "once\n")

    def test_qemu_refuses_its_arguments(self):
        done = boot("qemu", "--qemu-arg=-no-such-option", "--", "true")
        assert done.returncode == 2
        assert "no-such-option" in done.stderr


class TestWhatTheGuestSees:
    @QEMU_IN_SOAK
    def test_arguments_exactly(self, substrate):
        show = "import os, sys; print(sys.argv[1:]); print(repr(os.environ['A']))"
        value = "x'y\n@PATH@ $HOME"
        done = boot(substrate, "--env", f"A={value}", "--", "python3", "-c", show, *AWKWARD)
        assert done.returncode == 0
        assert done.stdout == f"{AWKWARD}\n{value!r}\n"

    @QEMU_IN_SOAK
    def test_environment_and_directory(self, substrate):
        done = boot(substrate, "--", "sh", "-c", "pwd; id -u; env", cwd=CHECKOUT / "tests")
        directory, user, *env = done.stdout.splitlines()
        assert (directory, user) == (str(CHECKOUT / "tests"), "0")
        names = {line.partition("=")[0] for line in env}
        assert names <= {
            "PATH",
            "HOME",
            "TERM",
            "LANG",
            "LAB_SUBSTRATE",
            "PWD",
            "OLDPWD",
            "SHLVL",
            "_",
        }
        assert f"LAB_SUBSTRATE={substrate}" in env

    def test_what_comes_back_and_what_does_not(self, substrate, tmp_path):
        mark = CHECKOUT / "tests" / "lab" / f"mark-{os.getpid()}"
        script = f'echo kept >{mark}; echo kept >"$LAB_OUT"/file; touch /var/tmp/lost-{mark.name}'
        try:
            done = boot(substrate, "--out", str(tmp_path), "--", "sh", "-c", f"{script}; echo said")
            assert done.returncode == 0, done.stdout
            assert mark.read_text() == (tmp_path / "file").read_text() == "kept\n"
        finally:
            mark.unlink(missing_ok=True)
        assert (tmp_path / "log").read_text() == "said\n"
        assert (tmp_path / "console").exists()
        assert not Path(f"/var/tmp/lost-{mark.name}").exists()

    def test_no_caller_environment_reaches_the_guest(self, monkeypatch):
        monkeypatch.setenv("SECRET", "x")
        assert "SECRET" not in boot("uml", "--", "env").stdout

    def test_programs(self, substrate):
        commands = "busybox sh -c :", "unshare --net ip link", "setpriv --reuid=1 id", "tshark -v"
        done = boot(substrate, "--", "sh", "-e", "-c", "\n".join(commands))
        assert done.returncode == 0, done.stdout

    def test_output_arrives_while_the_job_runs(self):
        with subprocess.Popen(
            [BOOT, "uml", "--", "sh", "-c", "echo early; sleep 3"],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"early\n"
            assert process.poll() is None


ROUND_TRIP = """
import socket
def opened():
    s = socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW)
    s.bind(("vcan0",))
    return s
a, b = opened(), opened()
a.send((0x123).to_bytes(4, "little") + bytes([2, 0, 0, 0]) + bytes(8))
print(b.recv(16)[:5].hex())
"""


class TestCan:
    def test_a_frame_with_modules_on_demand(self, substrate):
        script = (
            "ip link add vcan0 type vcan && ip link set vcan0 up || exit\n"
            "candump -L -n 1 vcan0 & sleep 1; cansend vcan0 123#DEADBEEF; wait\n"
            'python3 -c "$0"'
        )
        done = boot(substrate, "--", "sh", "-c", script, ROUND_TRIP)
        frame, trip = done.stdout.splitlines()
        assert frame.endswith("vcan0 123#DEADBEEF")
        assert trip == "2301000002"

    def test_emulated_controllers(self):
        card = "-device kvaser_pci,canbus=bus"
        script = (
            "modprobe kvaser_pci; for n in 0 1; do"
            " ip link set can$n up type can bitrate 500000 || exit; done\n"
            "candump -n 1 can1 & sleep 1; cansend can0 123#1122; wait"
        )
        args = f"--qemu-arg=-object can-bus,id=bus {card} {card}"
        done = boot("qemu", args, "--", "sh", "-c", script)
        assert done.stdout.split() == ["can1", "123", "[2]", "11", "22"]


class TestHousekeeping:
    @pytest.mark.parametrize(
        "number",
        [
            pytest.param(signal.SIGINT, marks=pytest.mark.soak),
            pytest.param(signal.SIGTERM, marks=pytest.mark.soak),
            signal.SIGKILL,
        ],
    )
    def test_the_guest_ends_with_the_launcher(self, substrate, number, tmp_path):
        env = {**os.environ, "TMPDIR": str(tmp_path)}
        command = [BOOT, substrate, "--", "sh", "-c", "echo up; sleep 90"]
        process = subprocess.Popen(command, cwd=CHECKOUT, env=env, stdout=subprocess.PIPE)
        with process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"up\n"
            (run_dir,) = tmp_path.glob("canbus-lab-*")
            process.send_signal(number)
        assert process.returncode in (-number, 128 + number)
        deadline = time.monotonic() + 5
        while list(tmp_path.iterdir()) or alive(run_dir):
            assert time.monotonic() < deadline, "the guest or its folder is still there"
            time.sleep(0.05)

    def test_two_at_once(self):
        words = [BOOT, "uml", "--", "sh", "-c", "sleep 1; echo done"]
        pair = [subprocess.Popen(words, cwd=CHECKOUT, stdout=subprocess.PIPE) for _ in range(2)]
        assert [process.communicate()[0] for process in pair] == [b"done\n"] * 2

    def test_nobody_reads(self):
        line = f"{BOOT} uml -- sh -c 'yes | head -1000000' | head -1"
        done = subprocess.run(["sh", "-c", line], cwd=CHECKOUT, capture_output=True, text=True)
        assert (done.stdout, done.stderr) == ("y\n", "")

    def test_also_as_a_module(self):
        words = [sys.executable, "-m", "tests.lab", "uml", "--", "true"]
        assert subprocess.run(words, cwd=CHECKOUT, check=False).returncode == 0


def alive(run_dir: Path) -> bool:
    """Whether a process names the run folder in its arguments, as guest and guard do."""
    for arguments in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if os.fsencode(run_dir) in arguments.read_bytes():
                return True
        except OSError:
            continue
    return False


def test_a_finished_cache_is_left_alone():
    before = {path: path.stat().st_mtime_ns for path in cache_dir().iterdir()}
    subprocess.run([BOOT, "--fetch"], check=True)
    assert {path: path.stat().st_mtime_ns for path in cache_dir().iterdir()} == before
