# mypy: ignore-errors
"""A listener that writes what people read: all but the time stamp is shown."""

import io
import tempfile
import threading
from pathlib import Path

import can

done = threading.Event()
folder = Path(tempfile.mkdtemp())

with can.Bus(fd=True) as bus, can.Bus(fd=True) as other:
    printer = can.Printer(folder / "frames.txt")
    notifier = can.Notifier(
        bus, [printer, lambda msg: msg.arbitration_id == 0x7FF and done.set()], 0.1
    )
    other.send(can.Message(arbitration_id=0x123, is_extended_id=False, data=b"candlelight"[:8]))
    other.send(can.Message(arbitration_id=0x1ABCDEF, is_extended_id=True, data=[0, 1, 255]))
    other.send(can.Message(arbitration_id=0x100, is_remote_frame=True, dlc=4))
    other.send(can.Message(arbitration_id=0x200, is_fd=True, bitrate_switch=True, data=bytes(12)))
    other.send(can.Message(arbitration_id=0x7FF, is_extended_id=False))
    assert done.wait(2)
    notifier.stop()

for line in (folder / "frames.txt").read_text().splitlines():
    before, _, after = line.partition("ID:")
    print(before.split()[0], "ID:" + after.split("Channel:")[0].rstrip())

out = io.StringIO()
can.Printer(out).on_message_received(can.Message(timestamp=1.5, arbitration_id=0x12, data=b"A"))
print(out.getvalue(), end="")
