"""What each command of the host does to an adapter, and its answer. No buffers, no time, no I/O.

The names of commands are those of LAWICEL's manuals; what differs between adapters is told by
their firmware (firmware.py).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from canbus.frame_flags import EFF
from canbus.message import Message
from canbus.testing.slcan.filter_list import FilterList, read_filters
from canbus.testing.slcan.firmware import Empty, Firmware, Mode, Reason, Stamps, Style
from canbus.testing.slcan.frame_lines import letters, read_frame
from canbus.testing.slcan.transmitter import Fate, Transmitter

_TX_FULL = 0x02  # of `F`: transmit FIFO full
_HEX = frozenset("0123456789ABCDEFabcdef")
_Outcome = Reason | bytes | None  # refused, or what the host has asked for, or just done


class Commands:
    """The state of an adapter, and the commands that change it.

    Attributes:
        firmware: how it behaves.
        mode: what the open channel does; None while it is closed.
        bitrate: the last command that set the bit rate, as in `S6` or `s001C`; None: none did.
        data_bitrate: the same for the data phase of CAN FD.
        stamps: the kind of time stamps that is on; None: none is.
        acceptance: what was written to the filter registers, by letter: `M`, `m`, `W`.
        filter_list: what passes to the host; everything, if it is empty.
        style: how commands are answered, now.
        status: flags that `F` shows.
        lost: flags that `F` shows once.
        transmitter: where frames of the host go.
    """

    def __init__(self, firmware: Firmware) -> None:
        self.firmware = firmware
        self.transmitter = Transmitter(firmware.queue, is_one_shot=firmware.is_one_shot)
        self.status = 0
        self._frames = letters(fd=firmware.has_fd, extended_x=firmware.extended_x)
        self._acts: dict[str, Callable[[str], _Outcome]] = {
            **dict.fromkeys(firmware.accepts, _do_nothing),
            **dict.fromkeys(firmware.filters, self._set_filter),
            "C": self._close,
            "S": self._set_bitrate,
        }
        self._acts |= {command[0]: self._open for command in firmware.opens}
        if firmware.status:
            self._acts["F"] = self._flags
        if firmware.has_filter_list:
            self._acts |= {"F": self._set_filter_list, "f": self._clear_filter_list}
        if firmware.registers:
            self._acts["s"] = self._set_registers
        if firmware.data_bitrates:
            self._acts["Y"] = self._set_data_bitrate
        self._answers = {"V": firmware.version, "v": firmware.detail, "N": firmware.serial}
        self._settings = self._table_of_settings()
        self.power_up()

    def power_up(self) -> None:
        """Be as an adapter is that was just plugged in."""
        self._forget()
        self.lost = 0
        self.transmitter.pending.clear()
        self._last = ""

    def _forget(self) -> None:
        self.mode: Mode | None = Mode.NORMAL if self.firmware.always_open else None
        self.stamps: Stamps | None = None
        self.bitrate: str | None = None
        self.data_bitrate: str | None = None
        self.acceptance: dict[str, str] = {}
        self.filter_list: FilterList = []
        self.style = self.firmware.style
        self._prepared = Mode.NORMAL

    @property
    def is_open(self) -> bool:
        """The channel is open."""
        return self.mode is not None

    def handle(self, line: bytes) -> bytes:
        """Carry out a command without its CR; the answer, or b"" if there is none."""
        text = line.decode("latin-1").strip("\n")
        if not text and self.firmware.empty is Empty.REPEATS:
            text = self._last
        self._last = text
        style = self.style
        outcome = self._act(text)
        if text == "C" and not self.firmware.close_answers:
            return b""
        if isinstance(outcome, bytes):
            return outcome
        if isinstance(outcome, Reason):
            return style.refusal(outcome)
        flags = self._frames.get(text[:1])
        if flags is not None:
            return style.ok("Z" if flags & EFF else "z")
        return self.style.ok() if text == self.firmware.told else style.ok()

    def _act(self, text: str) -> _Outcome:
        letter = text[:1]
        if not letter:
            return Reason.UNKNOWN if self.firmware.empty is Empty.REFUSED else None
        if letter in self._frames:
            return self._send(letter, text)
        if self._answers.get(letter):
            return f"{self._answers[letter]}\r".encode("latin-1")
        if text in self._settings:
            return self._change(text)
        act = self._acts.get(letter)
        return act(text) if act else Reason.UNKNOWN

    def _too_late(self, text: str) -> Reason | None:
        """The outcome of what is for a closed channel only, while it is open."""
        return None if text[0] in self.firmware.lax else Reason.OPEN

    # -- the channel ------------------------------------------------------------------

    def _open(self, text: str) -> _Outcome:
        mode = self.firmware.opens.get(text)
        if mode is None:
            return Reason.PARAMETER
        if self.is_open:
            return self._too_late(text)
        if self.bitrate is None and self.firmware.needs_bitrate:
            return Reason.NO_BITRATE
        self.mode = self._prepared if mode is Mode.NORMAL else mode
        return None

    def _close(self, text: str) -> _Outcome:
        if text != "C":
            return Reason.PARAMETER
        if not self.is_open and not self.firmware.closes_twice:
            return Reason.CLOSED
        if not self.firmware.always_open:
            self.mode = None
            self.transmitter.pending.clear()
        if self.firmware.close_forgets:
            self._forget()
        return None

    # -- settings ---------------------------------------------------------------------

    def _change(self, text: str) -> _Outcome:
        while_open, act = self._settings[text]
        if self.is_open and not while_open:
            return self._too_late(text)
        act()
        return None

    def _table_of_settings(self) -> dict[str, tuple[bool, Callable[[], None]]]:
        """Commands that are known as a whole: whether an open channel takes them, what they do."""
        firmware = self.firmware
        table: dict[str, tuple[bool, Callable[[], None]]] = {
            command: (False, partial(setattr, self, "_prepared", mode))
            for command, mode in firmware.prepares.items()
        }
        for stamps in firmware.stamps:
            table[stamps.on] = stamps.while_open, partial(setattr, self, "stamps", stamps)
            table[stamps.off] = stamps.while_open, partial(setattr, self, "stamps", None)
        if firmware.told:
            table[firmware.told] = True, partial(setattr, self, "style", Style.CODES)
            table[firmware.untold] = True, partial(setattr, self, "style", firmware.style)
        return table

    def _set_bitrate(self, text: str) -> _Outcome:
        if self.is_open:
            return self._too_late(text)
        if text not in self.firmware.bitrates:
            return Reason.PARAMETER
        self.bitrate = text
        return None

    def _set_registers(self, text: str) -> _Outcome:
        if self.is_open:
            return self._too_late(text)
        if not any(_is_hex(text[1:], digits) for digits in self.firmware.registers):
            return Reason.PARAMETER
        self.bitrate = text
        return None

    def _set_data_bitrate(self, text: str) -> _Outcome:
        if self.is_open:
            return self._too_late(text)
        if text not in self.firmware.data_bitrates:
            return Reason.PARAMETER
        self.data_bitrate = text
        return None

    def _set_filter(self, text: str) -> _Outcome:
        if self.is_open:
            return self._too_late(text)
        letter, value = text[0], text[1:]
        if not _is_hex(value, self.firmware.filters[letter]):
            return Reason.PARAMETER
        self.acceptance[letter] = value.upper()
        return None

    def _set_filter_list(self, text: str) -> _Outcome:
        if self.is_open:
            return self._too_late(text)
        filters = read_filters(text[1:])
        if filters is None:
            return Reason.PARAMETER
        self.filter_list = filters
        return None

    def _clear_filter_list(self, text: str) -> _Outcome:
        if self.is_open:
            return self._too_late(text)
        self.filter_list = []
        return None

    # -- status -----------------------------------------------------------------------

    def _flags(self, text: str) -> _Outcome:
        if text != "F":
            return Reason.PARAMETER
        if not self.is_open and self.firmware.status != "any":
            return Reason.CLOSED
        flags = self.status | self.lost
        if self.firmware.clears_status:
            self.lost = 0
        return b"F%02X\r" % flags

    # -- frames -----------------------------------------------------------------------

    def _send(self, letter: str, text: str) -> _Outcome:
        firmware = self.firmware
        msg = read_frame(text, self._frames[letter], remote_data=firmware.wants_remote_data)
        if msg is None:
            return Reason.PARAMETER
        if self.mode is None or self.mode is Mode.LISTEN_ONLY:
            if letter in firmware.lax:
                return None
            return Reason.CLOSED if self.mode is None else Reason.LISTENING
        if msg.is_fd and firmware.needs_bitrate and self.data_bitrate is None:
            return Reason.NO_BITRATE
        fate = self._transmit(msg)
        if fate is Fate.REFUSED:
            self.lost |= _TX_FULL
            return None if letter in firmware.lax else Reason.FULL
        return b"" if firmware.confirms and fate is not Fate.SENT else None

    def _transmit(self, msg: Message) -> Fate:
        return self.transmitter.take(msg)


def _is_hex(text: str, digits: int) -> bool:
    return len(text) == digits and _HEX.issuperset(text)


def _do_nothing(text: str) -> None:
    pass
