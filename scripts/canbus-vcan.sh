#!/bin/sh
# Bring a virtual CAN interface up; `canbus down NAME` removes it.
set -eu
here=$(command -p readlink -f "$0")
here=${here%/*}
# shellcheck source-path=SCRIPTDIR source=canbus-lib.sh
. "$here/canbus-lib.sh"

usage() {
    cat <<END
usage: $me [NAME] [OPTION ...]

Bring a virtual CAN interface up, and make it first if need be. As root.

  NAME            of the interface (default: vcan0)
  --no-fd         classic frames alone
  --xl            CAN XL frames, too
END
    more_help VCAN NAME=vcan1
}

case ${1-} in
'' | -*) ;;
*)
    name=$1
    shift
    set -- "--name=$name" "$@"
    ;;
esac
bring_up VCAN vcan0 "$@"
