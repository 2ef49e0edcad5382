"""The guest with systemd: statuses, what is left of a boot, the next boot of a disk. Slow; `lab`.

What it is for, and so the usual boots of it, are in tests/reboot.
"""

import pytest

from .reboots import BootFailed, SystemdGuest

pytestmark = [pytest.mark.lab, pytest.mark.soak, pytest.mark.timeout(900)]


def test_a_failing_script_leaves_its_status_its_output_and_the_journal():
    with SystemdGuest() as guest:
        done = guest.boot("echo out; echo err >&2; exit 3; echo never", check=False)
    assert (done.status, done.output) == (3, "out\nerr\n")
    assert "Multi-User System" in done.journal


def test_a_disk_keeps_what_was_written_and_gets_the_files_given():
    with SystemdGuest(
        files={"/etc/given": "a\n", "/usr/local/bin/tell": "#!/bin/sh\necho told\n"}
    ) as guest:
        first = guest.boot("cat /etc/given; tell; echo b >>/etc/given; echo c >/root/made")
        second = guest.boot("cat /etc/given /root/made", files={"/root/late": ""})
        assert (first.output, second.output) == ("a\ntold\n", "a\nb\nc\n")
        with pytest.raises(BootFailed, match=r"status 1\b[\s\S]*one more word"):
            guest.boot("ls /root/late; echo one more word; false")


def test_a_guest_that_does_not_come_up_is_told_with_its_journal():
    fstab = "/dev/none /broken ext4 x-systemd.device-timeout=1 0 0\n"
    told = "Dependency failed for local-fs.target"
    files = {"/etc/fstab": fstab}
    with SystemdGuest(files=files) as guest, pytest.raises(BootFailed) as failure:
        guest.boot("true")
    assert told in str(failure.value)
