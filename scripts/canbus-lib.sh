# shellcheck shell=sh
# What the scripts beside this file share. It is sourced, never run; POSIX sh.
#
# A script sets `here`, its folder; defines `usage`, which prints its help; and ends in
# `bring_up`. The value of no setting is judged here: `canbus up` does that.

me=${0##*/}
defaults=${CANBUS_DEFAULTS:-/etc/default/canbus}
number=0 seen=' ' patience='' port='' dry_run=''
# At boot, and for udev, it may be unset or short; modprobe is in sbin.
PATH=${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

# fail STATUS WHAT HINT: two lines, as canbus has them.
fail() {
    printf '%s: %s\nhint: %s\n' "$me" "$2" "$3" >&2
    exit "$1"
}

# more_help PREFIX EXAMPLE: the end of each help.
more_help() {
    cat <<END
  --dry-run       only show the commands, for sh

\`canbus up --help\` has more options. In $defaults lines like
$1_$2 stand for them, if no argument does.
Exit status: that of canbus; 2 also for wrong defaults, 127 without canbus.
END
}

# look_at ARGUMENT...: what concerns the script as well as canbus.
look_at() {
    previous=''
    for word; do
        case $word in
        -h | --help) usage && exit 0 ;;
        --dry-run) dry_run=yes ;;
        --wait | --wait=) patience=0 ;; # and what comes now; canbus wants a number
        --wait=*) patience=${word#*=} ;;
        esac
        [ "$previous" != --wait ] || patience=$word
        previous=$word
    done
}

# await WHAT COMMAND...: until the command is true, or $patience seconds are over. It is not an
# error if they are: canbus says what is missing, and what to do.
await() {
    awaited=$1 whole=${patience%%.*} turn=0
    shift
    case $whole in '' | *[!0-9]* | ??????*) return ;; esac
    if [ -n "$dry_run" ] || [ "$whole" -eq 0 ] || "$@"; then return; fi
    echo "$me: waiting for $awaited" >&2
    until "$@" || [ "$turn" -ge "${whole}0" ]; do
        sleep 0.1
        turn=$((turn + 1))
    done
}

# -- defaults: a file that is read line by line, and never run ----------------------------------

# check_defaults: no file is fine, unless somebody has named one.
check_defaults() {
    lines=$defaults
    if [ ! -e "$defaults" ] && [ -z "${CANBUS_DEFAULTS:-}" ]; then
        lines=/dev/null
    elif [ ! -r "$defaults" ] || [ -d "$defaults" ]; then
        fail 2 "cannot read the defaults in $defaults" 'CANBUS_DEFAULTS names another file'
    fi
}

refuse_line() {
    fail 2 "$defaults, line $number: $1" 'lines are NAME=value; the names are in scripts/README.md'
}

# next_default: the next line's $name and $value, from standard input; false at the end.
next_default() {
    while read -r line || [ -n "$line" ]; do
        number=$((number + 1))
        name=${line%%=*} value=${line#*=}
        case $line in
        '' | '#'*) continue ;;
        *[[:cntrl:]]*) refuse_line 'there is a control character (a line end of Windows?)' ;;
        esac
        case $name in "$line" | *[!A-Z0-9_]*) refuse_line 'it is not NAME=value' ;; esac
        case $value in \"*\" | \'*\') value=${value#?} value=${value%?} ;; esac
        check_name
        case $seen in *" $name "*) refuse_line "$name is set already" ;; esac
        seen="$seen$name "
        [ "$name" = CANBUS ] || return 0
        CANBUS=${CANBUS:-$value}
    done
    return 1
}

check_name() {
    case $name in
    CANBUS | SERIAL_PORT | SERIAL_TTY_BAUDRATE | SERIAL_PROBE | INTREPID_NETWORK) return ;;
    VCAN_* | PIHAT_* | PCAN_* | INTREPID_* | SERIAL_*) ;;
    *) refuse_line "there is no setting $name" ;;
    esac
    case ${name#*_} in
    NAME | WAIT | STRICT | RESTART_MS | TERMINATION | TXQUEUELEN | FD | XL | LISTEN_ONLY) ;;
    LOOPBACK | ONE_SHOT | TRIPLE_SAMPLING | BERR_REPORTING | PRESUME_ACK | FD_NON_ISO) ;;
    CC_LEN8_DLC | BITRATE | SAMPLE_POINT | TQ | PROP_SEG | PHASE_SEG1 | PHASE_SEG2 | SJW) ;;
    DATA_BITRATE | DATA_SAMPLE_POINT | DATA_TQ | DATA_PROP_SEG | DATA_PHASE_SEG1) ;;
    DATA_PHASE_SEG2 | DATA_SJW) ;;
    *) refuse_line "there is no setting $name" ;;
    esac
}

# as_option: the line as an option of `canbus up`, in $option; empty if it asks for nothing.
as_option() {
    option=--$(printf %s "${name#*_}" | tr '[:upper:]_' '[:lower:]-')
    case $option in
    --fd | --xl | --listen-only | --loopback | --one-shot | --triple-sampling) ;;
    --berr-reporting | --presume-ack | --fd-non-iso | --cc-len8-dlc | --strict | --probe) ;;
    *) option=$option=$value && return ;;
    esac
    case $value in
    yes) ;;
    no) option=--no-${option#--} ;;
    *) refuse_line "$name is neither yes nor no" ;;
    esac
    case $option in --no-strict | --probe) option='' ;; esac
}

# -- canbus -------------------------------------------------------------------------------------

# run_canbus WORD...: become the program, so that its status is ours, and signals reach it.
can_import='import importlib.util as i, sys; sys.exit(i.find_spec("canbus.cli") is None)'
run_canbus() {
    beside=${here:?}/../.venv/bin/canbus
    if [ -n "${CANBUS:-}" ]; then
        found=$(command -v "$CANBUS") || found=''
        if [ -d "$found" ] || [ ! -x "$found" ]; then
            fail 127 "there is no program $CANBUS" "CANBUS names it, in the environment or in $defaults"
        fi
        exec "$found" "$@"
    elif [ -x "$beside" ]; then
        exec "$beside" "$@"
    elif command -v canbus >/dev/null; then
        exec canbus "$@"
    elif python3 -P -c "$can_import" 2>/dev/null; then
        exec python3 -P -m canbus "$@"  # -P: nothing is imported from the folder we are in
    fi
    fail 127 'there is no program canbus' "install it, or say where it is: CANBUS=... in $defaults"
}

# await_adapter: for scripts whose adapter canbus itself does not wait for; they define it anew.
await_adapter() { :; }

# bring_up PREFIX TARGET ARGUMENT...: `canbus up TARGET`, with the defaults of that prefix and then
# the arguments, which win: of two that are the same the last one does.
bring_up() {
    prefix=$1 target=$2
    shift 2
    look_at "$@"
    check_defaults
    while next_default; do
        case $name in
        "${prefix}_PORT") port=${port:-$value} ;;
        "${prefix}_"*)
            as_option
            [ "$name" != "${prefix}_WAIT" ] || patience=${patience:-$value}
            [ -z "$option" ] || set -- "$option" "$@"
            ;;
        esac
    done <"$lines"
    patience=${patience:-10} # as canbus has it
    await_adapter
    [ -z "$port" ] || set -- "$port" "$@"
    run_canbus up "$target" "$@"
}
