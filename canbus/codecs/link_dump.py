"""Putting the answers to `encode_link_dump` together. Bytes only, no socket."""

from __future__ import annotations

from canbus.codecs.link_info import link_info
from canbus.codecs.netlink import (
    NLM_F_DUMP_INTR,
    NLMSG_DONE,
    NLMSG_ERROR,
    NLMSG_OVERRUN,
    RTM_NEWLINK,
    decode_link,
    raise_refusal,
    split_messages,
)
from canbus.link_info import LinkInfo


class LinkDump:
    """The answers to one question for all interfaces.

    Args:
        sequence: that of the question; answers to others are passed over.

    Attributes:
        links: the CAN interfaces so far, in the kernel's order.
        is_done: there is no more to come.
        was_interrupted: something changed meanwhile: a link may be missing or told twice.
    """

    def __init__(self, sequence: int) -> None:
        self._sequence = sequence
        self.links: list[LinkInfo] = []
        self.is_done = False
        self.was_interrupted = False

    def feed(self, datagram: bytes) -> None:
        """Take in what was received at once.

        Raises:
            OSError: the kernel refuses; with its errno.
            CanProtocolError: a ValueError; no answer to that question.
        """
        for message in split_messages(datagram):
            if message.sequence != self._sequence:
                continue
            if message.flags & NLM_F_DUMP_INTR or message.kind == NLMSG_OVERRUN:
                self.was_interrupted = True
            if message.kind in {NLMSG_DONE, NLMSG_ERROR}:
                raise_refusal(message.payload)
                self.is_done = True
            elif message.kind == RTM_NEWLINK:
                link = link_info(decode_link(message.payload))
                if link is not None:
                    self.links.append(link)
