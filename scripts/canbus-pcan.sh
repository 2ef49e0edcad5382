#!/bin/sh
# Bring a PCAN adapter of PEAK-System up: USB, PCI, PCI Express.
set -eu
here=$(command -p readlink -f "$0")
here=${here%/*}
# shellcheck source-path=SCRIPTDIR source=canbus-lib.sh
. "$here/canbus-lib.sh"

usage() {
    cat <<END
usage: $me [OPTION ...]

Bring a PCAN adapter up, with the drivers of the kernel. As root.

  --bitrate N     bit/s: 500k, 1M; a new interface has none
  --name NAME     which interface, if there are several
  --restart-ms N  milliseconds from bus-off to the restart; 0 for never
  --wait S        seconds to wait for the adapter (default: 10)
END
    more_help PCAN BITRATE=500k
}

bring_up PCAN pcan "$@"
