"""`canbus detect` on a serial adapter with the kernel's driver, which has a list of bit rates."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import canbus as can
from canbus.bringup.detect import Verdict, detect_bitrate
from canbus.link_config import LinkConfig
from canbus.links import apply, get_link
from canbus.testing.slcan import SlcanEmulator
from tests.kernel.serial_bringup import NAME, PATIENCE, link, wait_until

# Links of serial lines are where everybody sees them.
pytestmark = [pytest.mark.guest, pytest.mark.timeout(240)]


@pytest.fixture
def adapter() -> Iterator[SlcanEmulator]:
    with SlcanEmulator(link="/dev/ttyCanbusDetect") as adapter:
        yield adapter


@contextmanager
def slcand(*options: str) -> Iterator[None]:
    """The real one, on the adapter; the link is there, and down."""
    words = "slcand", "-F", *options, "/dev/ttyCanbusDetect", NAME
    with subprocess.Popen(words) as process:
        try:
            wait_until(lambda: link() is not None)
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE)
            wait_until(lambda: link() is None)


def test_under_a_rate_that_only_slcand_knows_it_is_refused(adapter: SlcanEmulator) -> None:
    """The kernel would bring it up again at the last rate that was tried."""
    with slcand("-o", "-s6"):
        for is_up in (False, True):
            apply(NAME, LinkConfig(up=is_up))
            before, heard = get_link(NAME), list(adapter.commands)
            with pytest.raises(can.CanUnsupportedError, match="could not be put back"):
                detect_bitrate(NAME)
            assert (get_link(NAME), adapter.commands) == (before, heard)


def test_under_a_rate_of_the_kernels_it_listens_and_is_put_back(adapter: SlcanEmulator) -> None:
    with slcand():
        apply(NAME, LinkConfig(bitrate=250_000, listen_only=False, up=True))
        before = get_link(NAME)
        wait_until(lambda: adapter.commands[-1:] == [b"O"])
        adapter.forget()
        found = detect_bitrate(NAME, bitrates=[500_000, 125_000], dwell=0.05, rounds=1)
        assert [verdict for _, verdict in found.heard] == [Verdict.SILENT] * 2
        wait_until(lambda: adapter.commands[-1:] == [b"O"])
        said = [word for word in adapter.commands if word != b"C"]
        assert said == [b"S6", b"L", b"S4", b"L", b"S5", b"O"]
        assert get_link(NAME) == before
