"""An emulated serial CAN adapter on a pseudo-terminal, with faults to inject. Linux; no root.

    from canbus.testing.slcan import SlcanEmulator

    with SlcanEmulator() as adapter:
        with can.Bus(adapter.port, interface="slcan", bitrate=500000) as bus:
            bus.send(can.Message.parse("123#DEAD"))
            adapter.wait_for_sent(1)        # what the host has sent
            adapter.arrive("321#00")        # as if another node had sent it
            adapter.fault(Silent("F"))      # from canbus.testing.slcan.faults
            adapter.unplug()

or, from a shell, ``canbus emulate slcan``.

The rooms, from the bottom up; each knows those before it only:

- faults.py, fault_text.py, fault_values.py: what can be wrong, as values, as text, for JSON
- firmware.py, firmwares.py: what a firmware understands, and the known ones
- frame_lines.py, filter_list.py: frames and filters as text
- transmitter.py, commands.py, adapter.py: the adapter's side of the protocol, without any I/O
- faulty.py, outbox.py, parting.py: the faults at work; what waits for the host
- talk.py: all these as bytes of the host in, bytes for the host out
- terminal.py: the pseudo-terminal
- engine.py: the thread
- observed.py, emulated.py: the user's handle

No pytest here. Neither the codec of the backend nor its table of dialects is used, so that their
mistakes are not made twice.
"""

from canbus.testing.slcan.adapter import SlcanAdapter
from canbus.testing.slcan.emulated import SlcanEmulator
from canbus.testing.slcan.faults import (
    Echo,
    Fault,
    FirstOnly,
    Garbage,
    LoseAnswers,
    NoAck,
    Refuse,
    Say,
    Silent,
    Slow,
    Split,
    UnplugAfter,
)
from canbus.testing.slcan.observed import Counters

__all__ = [
    "Counters",
    "Echo",
    "Fault",
    "FirstOnly",
    "Garbage",
    "LoseAnswers",
    "NoAck",
    "Refuse",
    "Say",
    "Silent",
    "SlcanAdapter",
    "SlcanEmulator",
    "Slow",
    "Split",
    "UnplugAfter",
]
