#!/bin/sh
# Ask for or set the time from bus-off to the automatic restart; or restart by hand.
set -eu
here=$(command -p readlink -f "$0")
here=${here%/*}
# shellcheck source-path=SCRIPTDIR source=canbus-lib.sh
. "$here/canbus-lib.sh"

usage() {
    cat <<END
usage: $me NAME                 print it, in ms; 0: never
       $me NAME N [OPTION ...]  set it; bring the interface up
       $me NAME --restart       restart now, after bus-off

NAME is an interface that is there: can0. One that is up is taken down for a
moment, if N is another than now. All but printing needs root.

  --wait S        with N: seconds to wait for the interface (default: 0)
  --dry-run       only show the commands, for sh

Exit status: that of canbus; 1 also if the driver has no restart; 2 also for
wrong arguments and defaults, 127 without canbus.
END
}

look_at "$@"
check_defaults
while next_default; do :; done <"$lines"

link=${1-} wish=${2-}
case $link in
'' | -* | */*) fail 2 'which interface?' "$me can0; \`canbus list\` shows what there is" ;;
esac
is_there() { [ -e "/sys/class/net/$link" ]; }
await "the interface $link" is_there
is_there || fail 1 "there is no interface $link" "\`canbus list\` shows what there is"
shift $(($# < 2 ? 1 : 2))

case $wish in
[0-9]*) run_canbus up "$link" "--restart-ms=$wish" --strict "$@" ;;
--restart)
    [ -n "$dry_run" ] || run_canbus restart "$link" "$@"
    case $link in *[!A-Za-z0-9._-]*) fail 2 "$link is no name for sh" 'leave --dry-run out' ;; esac
    echo "ip link set dev $link type can restart"
    ;;
'')
    facts=$(run_canbus show "$link" --json)
    now=$(printf %s "$facts" | sed -n 's/^  "restart_ms": \([0-9]*\).*/\1/p')
    [ -n "$now" ] || fail 1 "$link has no restart" "\`canbus show $link\` says what it has"
    echo "$now"
    ;;
*) fail 2 "$wish is neither milliseconds nor --restart" "\`$me --help\`" ;;
esac
