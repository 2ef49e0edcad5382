#!/bin/sh
# Bring an Intrepid device up, ValueCAN or neoVI, through its module and daemon.
set -eu
here=$(command -p readlink -f "$0")
here=${here%/*}
# shellcheck source-path=SCRIPTDIR source=canbus-lib.sh
. "$here/canbus-lib.sh"

usage() {
    cat <<END
usage: $me [OPTION ...]

Bring an Intrepid device up; its daemon is started and kept running. As root.

  --network NAME  of the device: hscan, mscan, ...
  --bitrate N     bit/s: 500k, 1M; without it what the device has stored
  --wait S        seconds to wait for the device (default: 10)
  --foreground    stay, and keep it up: for a service manager
END
    more_help INTREPID NETWORK=hscan
}

bring_up INTREPID intrepid "$@"
