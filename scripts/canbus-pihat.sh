#!/bin/sh
# Bring a Raspberry Pi CAN HAT up: MCP2515, MCP2517FD, MCP2518FD.
set -eu
here=$(command -p readlink -f "$0")
here=${here%/*}
# shellcheck source-path=SCRIPTDIR source=canbus-lib.sh
. "$here/canbus-lib.sh"

usage() {
    cat <<END
usage: $me [OPTION ...]

Bring a CAN HAT up. Its overlay has to be in config.txt. As root.

  --bitrate N     bit/s: 500k, 1M; a new interface has none
  --name NAME     which interface, if the HAT has several
  --restart-ms N  milliseconds from bus-off to the restart; 0 for never
  --wait S        seconds to wait for SPI, then for the interface (default: 10)
END
    more_help PIHAT BITRATE=500k
}

# Early at boot the SPI controller's driver may still be on its way.
await_adapter() { await 'the SPI bus' has_spi; }
# shellcheck disable=SC2317 # await calls it
has_spi() {
    set -- /sys/bus/spi/devices/*
    [ -e "$1" ]
}

bring_up PIHAT pihat "$@"
