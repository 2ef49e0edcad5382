"""Fetched programs that bring libraries of their own: how they find them without being installed.

Each part is a cache folder; its `run/` holds a script for each program that tells the loader where
to look. No downloads here (that is `fetch`), no kernels.
"""

from pathlib import Path

from .paths import cache_dir

# By folder of the cache, which is also the Debian package: the programs in it.
PARTS = {
    "tshark": ("tshark", "dumpcap", "capinfos", "editcap"),
    "shellcheck": ("shellcheck",),
}
SCRIPTS = "run"
IN_GUESTS = "tshark"

# By its own place: the folder has another name while it is being filled.
SCRIPT = """\
#!/bin/sh
here=${0%/*}/..
libraries=$here/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH="$libraries:$here/lib/x86_64-linux-gnu"
export WIRESHARK_DATA_DIR="$here/usr/share/wireshark"
export WIRESHARK_PLUGIN_DIR="$libraries/wireshark/plugins"
exec "$here/usr/bin/${0##*/}" "$@"
"""


def scripts_dir(part: str) -> Path:
    """The folder to have on PATH."""
    return cache_dir() / part / SCRIPTS


def add_scripts(part: str, folder: Path) -> None:
    """What makes the programs of an unpacked part run from where they are."""
    scripts = folder / SCRIPTS
    scripts.mkdir()
    for program in PARTS[part]:
        script = scripts / program
        script.write_text(SCRIPT)
        script.chmod(0o755)
