"""What Machine asks of the system, where that is not one call."""

from __future__ import annotations

import errno
import os
import socket
import sys

import pytest

from canbus.bringup import Machine
from canbus.errors import CanLinkError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="bring-up is for Linux")


def test_names_that_the_kernel_does_not_tell_are_an_error_of_ours(monkeypatch):
    def fail():
        raise OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS))

    monkeypatch.setattr(socket, "if_nameindex", fail)
    with pytest.raises(CanLinkError, match="cannot list interfaces") as caught:
        Machine().interface_names()
    assert caught.value.error_code == errno.ENOBUFS


def test_processes():
    machine = Machine()
    assert machine.parent_of(os.getpid()) == os.getppid()
    assert machine.command_of(os.getpid())[0]
    assert machine.parent_of(2**31 - 1) is None


def test_a_device_is_waited_for(tmp_path):
    port = tmp_path / "ttyACM0"
    assert not Machine().wait_for_device(str(port), 0)
    port.touch()  # which is none
    assert not Machine().wait_for_device(str(port), 0)
    port.unlink()
    port.symlink_to("/dev/null")
    assert Machine().wait_for_device(str(port), 0)
