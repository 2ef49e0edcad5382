r"""Which kind of line it is, where a serial CAN adapter sends no frame and no error report.

The forms are those of the LAWICEL CANUSB manual, and of three firmwares: canable2-fw of
normaldotcom (README.md) and of Nakakiyo092 (doc/1.-Command-List.md), and CANable 2.5 (its
manual, "Slcan Responses and Events"). ACK without a CR is the CANdapter's manual. What only a
host sends is recognised, so that a program which talks to another program, or to its own echo,
can be told so.
"""

from __future__ import annotations

import re

from canbus.codecs.lawicel_events import Reply, ReplyKind

SIMPLE = {
    b"": Reply(ReplyKind.OK, b""),
    b"z": Reply(ReplyKind.SENT, b"z"),
    b"Z": Reply(ReplyKind.SENT, b"Z"),
    b"A": Reply(ReplyKind.POLLED, b"A"),
    b"#": Reply(ReplyKind.OK, b"#"),
}
"""The lines that never vary."""
ALONE = {
    b"\a": Reply(ReplyKind.REFUSED, b"\a"),
    b"\x06": Reply(ReplyKind.OK, b"\x06"),
}
"""Answers that need no CR."""

_HEX = rb"[0-9A-Fa-f]"
_TEXT = rb"[\t -~]"  # what one can print, and tabs

# In this order; the first that fits counts.
_FORMS = [
    (re.compile(form).fullmatch, kind)
    for form, kind in [
        (rb"V" + _TEXT + rb"+", ReplyKind.VERSION),
        (rb"\+Board:" + _TEXT + rb"*", ReplyKind.VERSION),  # CANable 2.5
        (_HEX + rb"{7,40}(-dirty)? " + _TEXT + rb"+", ReplyKind.VERSION),  # a commit's name
        (rb"v" + _TEXT + rb"+", ReplyKind.FIRMWARE),
        (rb"N" + _TEXT + rb"+", ReplyKind.SERIAL),
        (rb"F" + _HEX + rb"{2}", ReplyKind.STATUS),
        (rb"#[!-~]", ReplyKind.REFUSED),
        (rb"M" + _HEX + rb"{2}", ReplyKind.CONFIRMED),
        (rb"[+>]" + _TEXT + rb"*", ReplyKind.TEXT),
        (rb"[fi]:" + _TEXT + rb"*", ReplyKind.TEXT),
        (rb"I" + _HEX + rb"{4}", ReplyKind.TEXT),
        (rb"L[0-9]{1,3}", ReplyKind.TEXT),  # bus load
        (rb"Z" + _HEX + rb"{4}|[Zz]" + _HEX + rb"{8}", ReplyKind.TEXT),  # its clock
        (rb"[COLlVvNFfPEIi]|O[NSIE]|S[0-9A-D]|[YWUQZAX][0-9]", ReplyKind.COMMAND),
        (rb"[sy](" + _HEX + rb"{4}|" + _HEX + rb"{6}|" + _HEX + rb"{8})", ReplyKind.COMMAND),
        (rb"[sy][0-9]+(,[0-9]+){3}", ReplyKind.COMMAND),
        (rb"[Mm]" + _HEX + rb"{8}|[Mm]" + _HEX + rb"{3}|M[0-9]|M[A-Za-z]+", ReplyKind.COMMAND),
        (rb"F[0-9A-Fa-f]+,[0-9A-Fa-f,;]+|z[0-9]" + _HEX + rb"{3}", ReplyKind.COMMAND),
        (rb"\*" + _TEXT + rb"+", ReplyKind.COMMAND),
        # Words: there is a space or colon, and letters side by side that are no hex digits.
        (rb"(?=.*[ :])(?=.*[G-Zg-z]{2})" + _TEXT + rb"+", ReplyKind.TEXT),
    ]
]


def read_reply(line: bytes) -> Reply | None:
    """Tell what a line is that is no frame and no error report; None if nothing sends it."""
    for matches, kind in _FORMS:
        if matches(line):
            return Reply(kind, line)
    return None
