"""The rules in words. Which source breaks them is decided in the other modules.

`row` is the first cell of a row of docs/from-python-can.md; a test holds them together.
"""

from __future__ import annotations

from canbus.migrating.finding import Rule

# -- names --------------------------------------------------------------------------------

FROM_IMPORT = Rule(
    "from-import",
    "`from can import Bus`, `import can.message`",
    "this line imports python-can, too",
    "name canbus instead of can, as in `from canbus import Bus`",
)
COMPAT_ONLY = Rule(
    "compat-only",
    "`can.util`, `can.cli`, `can.exceptions`, `can.interfaces`, `can.log` and so on",
    "canbus has it only where it stands in for python-can",
    "exceptions are names of canbus itself; for the rest run the program by "
    "`python -m canbus.compat`, or write it without",
)
LOG_FILE = Rule(
    "log-file",
    "`Logger`, `LogReader`, `can.io`, `can.player` and their like",
    "log files are not built yet",
    "keep python-can for this, or use `canbus dump --log` and Message.parse",
)

# -- opening a bus ------------------------------------------------------------------------

BUSTYPE = Rule(
    "bustype", "`bustype=`", "an old name, which warns, as in python-can", "write interface="
)
UNKNOWN_OPTION = Rule(
    "unknown-option",
    "an unknown keyword of `Bus()`",
    "no such option; python-can ignores it, canbus raises",
    "leave it out, or write what was meant",
)
TEXT_VALUE = Rule(
    "text-value",
    "explicit arguments",
    "text for an option that takes none; python-can makes a number of it, canbus raises",
    "write the value itself",
)
SOCKETCAN_BITRATE = Rule(
    "socketcan-bitrate",
    "`bitrate=500000` on socketcan",
    "python-can ignores it; canbus compares it with the link's and raises if they differ",
    "leave it out, or let canbus set it with configure=True (needs rights)",
)
INVERTED_FILTER = Rule(
    "inverted-filter",
    '`[{"can_id": 0x20000123, ...}]`',
    "a can_id of more than 29 bits; in python-can bit 29 inverts the filter by accident",
    "leave the bit out; where it was meant, can.CanFilter(can_id, can_mask, inverted=True)",
)
SLCAN_SLEEP = Rule(
    "slcan-sleep",
    "`sleep_after_open`",
    "canbus waits so long before the first command, python-can after the commands",
    "leave it out, unless the adapter starts anew when its port is opened",
)
SLCAN_BITRATE = Rule(
    "slcan-bitrate",
    "`bitrate=750000`",
    "python-can sends S7 for it, which most adapters run at 800 kbit/s",
    "write the rate that the bus really has; canbus asks the adapter whether it has that",
)
SLCAN_TIMEOUT = Rule(
    "slcan-timeout",
    "`recv`",
    "the time between two looks at the line; canbus is woken, and warns that it has no effect",
    "leave it out",
)

# -- frames -------------------------------------------------------------------------------

DATA_NUMBER = Rule(
    "data-number",
    "`Message(data=5)`",
    "five zero bytes in python-can, a TypeError in canbus",
    "data=[5] for one byte, data=bytes(5) for five",
)
WIDE_ID = Rule(
    "wide-id",
    "11-bit id with more than 11 bits",
    "does not fit; python-can cuts it off in silence, canbus with a CanWarning",
    "is_extended_id=True, or the id that is really sent",
)
LONG_DATA = Rule(
    "long-data",
    "invalid frames (9 bytes classic, wrong `dlc`)",
    "no such frame; canbus refuses to send it",
    "is_fd=True for more than 8 bytes; leave dlc out where there are data",
)
FD_LENGTH = Rule(
    "fd-length",
    "CAN FD data of 9, 10, 11, ... bytes",
    "no frame has so many bytes; both pad with zeros, canbus with a CanWarning",
    "fill the data up to 12, 16, 20, 24, 32, 48 or 64 bytes",
)
REMOTE_DATA = Rule(
    "remote-data",
    "data for a remote frame",
    "dropped in silence by python-can, with a CanWarning by canbus",
    "dlc= instead of data=",
)
SHARED_DATA = Rule(
    "shared-data",
    "`Message(data=buffer)`, `msg.data = buffer`, `copy.copy(msg)`",
    "python-can's message shares the buffer; one of canbus has its own copy",
    "change msg.data itself where the buffer is changed later",
)
STATE_VALUE = Rule(
    "state-value",
    "`BusState.PASSIVE.value`",
    "a number in python-can, a word in canbus",
    "compare and keep the members, or their .name",
)

# -- using a bus --------------------------------------------------------------------------

SEND_WAITS = Rule(
    "send-waits",
    "`send(msg, timeout)` on a full queue",
    "on a full queue python-can raises at once on socketcan; canbus waits: until the deadline, or "
    "without one as long as it takes",
    "timeout=0 where an error at once is wanted; no loop of one's own to try again",
)
SET_FILTERS = Rule(
    "set-filters",
    "frames queued before `set_filters`",
    "frames that wait already are looked at again, too; python-can still delivers them",
    "receive first what the new filters would drop",
)
FILTERS_READ = Rule(
    "filters-read",
    "`bus.filters`",
    "CanFilter objects, not the dictionaries that were given",
    "f.can_id instead of f['can_id']",
)
RECV_ERROR = Rule(
    "recv-error",
    "a link that is down",
    "python-can raises once, then waits for ever; canbus raises at every call until the link is up",
    "leave the loop, wait a little, or open the bus with auto_reconnect=True: do not just go on",
)
BUS_LOOP = Rule(
    "bus-loop",
    "`for msg in bus`",
    "endless in python-can; in canbus it ends when the bus is shut down",
    "look at what comes behind the loop",
)
STATE_READ = Rule(
    "state-read",
    "`bus.state`",
    "always ACTIVE in python-can's socketcan; here the controller's own",
    "be ready for PASSIVE and ERROR; bus.can_state says more",
)
DETECT = Rule(
    "detect",
    "`detect_available_configs()`",
    "a backend that fails gives an empty list in python-can; the one that is named raises here",
    "catch CanError where that is no reason to stop",
)
PERIODIC_DURATION = Rule(
    "periodic-duration",
    "duration 0.3 s, period 0.1 s",
    "the last frame that fits is sent; python-can on socketcan may leave it out",
    "count=N says it without arithmetic",
)
PERIODIC_PERIOD = Rule(
    "periodic-period",
    "a period below a microsecond",
    "one frame in python-can; canbus refuses it",
    "a period of a microsecond or more, or send()",
)
MODIFIER = Rule(
    "modifier",
    "`modifier_callback`",
    "changes the task's own copy; the message that was given stays as it is",
    "keep what the callback has to remember somewhere else",
)

# -- listening ----------------------------------------------------------------------------

NOTIFIER_TIMEOUT = Rule(
    "notifier-timeout",
    "`stop()`",
    "Notifier's timeout has no effect: nobody has to poll",
    "leave it out",
)
NOTIFIER_EXCEPTION = Rule(
    "notifier-exception",
    "an exception in a listener",
    "a listener that fails does not end the notifier: its error goes to its on_error, or the log",
    "give the listener an on_error",
)
COROUTINE = Rule(
    "coroutine",
    "a coroutine function without `loop=`",
    "python-can calls it and never awaits it; canbus refuses it",
    "loop=asyncio.get_running_loop()",
)
RECV_BESIDE = Rule(
    "recv-beside",
    "`bus.recv` beside it",
    "in python-can a frame goes either to recv or to the notifier; in canbus to both",
    "nothing, unless frames are counted twice now",
)
ASYNC_READER = Rule(
    "async-reader",
    "`AsyncBufferedReader`",
    "unbounded in python-can; here it keeps 100,000 frames and counts those that it loses",
    "maxlen= for another bound; look at reader.lost",
)
PRINTER_FILE = Rule(
    "printer-file",
    "`Printer(file)` with an open file",
    "stop() closes the file in python-can; in canbus it stays open",
    "close it where it was opened",
)
REDIRECT = Rule(
    "redirect",
    "`RedirectReader` and a full bus",
    "raises for each frame in python-can; in canbus it waits a second, then tries",
    "timeout= for another patience",
)

RULES: tuple[Rule, ...] = tuple(one for one in list(vars().values()) if isinstance(one, Rule))
"""All, in the order of this file."""
