"""Who listens, as the kernel lists it (net/can/proc.c)."""

from __future__ import annotations

from pathlib import Path

import pytest

from canbus.backends.vcan.receivers import has_receivers

_HEADER = "  device   can_id   can_mask      function          userdata       matches  ident\n"
_NOBODY = "\nreceive list 'rx_{0}':\n  (any: no entry)\n  (vcan0: no entry)\n\n"
_LISTS = ("all", "fil", "inv", "sff", "eff", "err")


def write(folder: Path, **lists: str) -> Path:
    for kind in _LISTS:
        entries = lists.get(kind)
        text = _NOBODY.format(kind) if entries is None else _HEADER + entries
        (folder / f"rcvlist_{kind}").write_text(text)
    return folder


def entry(device: str) -> str:
    return f"   {device:6}   000    00000000  00000000a19145d1  0000000039342317         0  raw\n"


def test_nobody(tmp_path: Path) -> None:
    assert not has_receivers("vcan0", write(tmp_path))


@pytest.mark.parametrize("kind", _LISTS)
def test_a_receiver_in_any_list(tmp_path: Path, kind: str) -> None:
    folder = write(tmp_path, **{kind: entry("vcan1") + entry("vcan0")})
    assert has_receivers("vcan0", folder)
    assert not has_receivers("vcan", folder)


def test_who_listens_on_all_is_not_counted(tmp_path: Path) -> None:
    assert not has_receivers("vcan0", write(tmp_path, all=entry("any")))


def test_an_interface_may_be_called_as_the_heading_is(tmp_path: Path) -> None:
    assert not has_receivers("device", write(tmp_path, all=entry("vcan0")))
    assert has_receivers("device", write(tmp_path, all=entry("device")))


def test_a_kernel_that_does_not_tell_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        has_receivers("vcan0", tmp_path)
