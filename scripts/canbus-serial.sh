#!/bin/sh
# Bring a serial adapter up as a network interface, through slcand.
set -eu
here=$(command -p readlink -f "$0")
here=${here%/*}
# shellcheck source-path=SCRIPTDIR source=canbus-lib.sh
. "$here/canbus-lib.sh"

usage() {
    cat <<END
usage: $me [PORT] [OPTION ...]

Bring a serial adapter up; slcand is started and kept running. As root.

  PORT            /dev/ttyACM0; better what /dev/serial/by-id has
  --bitrate N     bit/s: 500k, 1M
  --name NAME     of the interface (default: the first free of slcan0, ...)
  --wait S        seconds to wait for the port, then for slcand (default: 10)
  --foreground    stay, and keep it up: for a service manager
END
    more_help SERIAL PORT=/dev/ttyACM0
}

await_adapter() { [ -z "$port" ] || await "the serial port $port" test -e "$port"; }

for word; do # the port may stand anywhere; canbus takes it first
    shift
    case ${port:+another }$word in
    /dev/*) port=$word ;;
    *) set -- "$@" "$word" ;;
    esac
done
bring_up SERIAL serial "$@"
