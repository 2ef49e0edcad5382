# mypy: ignore-errors
"""Messages as values."""

import copy

import can

msg = can.Message(arbitration_id=0x123, data=[1, 2, 0xFF], is_extended_id=False, timestamp=2.5)
print(len(msg), msg.dlc, bytes(msg).hex(), bool(msg), msg.timestamp)
print(msg)
print(repr(msg))
print(f"{msg}" == str(msg), msg.is_rx, msg.channel)
same = can.Message(timestamp=2.5, arbitration_id=0x123, is_extended_id=False, data=b"\1\2\xff")
print(msg.equals(same), msg.equals(same, timestamp_delta=0), msg == same, msg == msg)
same.timestamp = 9
print(msg.equals(same), msg.equals(same, timestamp_delta=None), msg.equals(same, 10))
twin = copy.deepcopy(msg)
twin.data[0] = 9
print(msg.data.hex(), twin.data.hex(), msg.equals(twin))
remote = can.Message(arbitration_id=0x1ABCDEF, is_remote_frame=True, dlc=5, channel="here")
print(remote.dlc, remote.is_extended_id, len(remote.data), remote.channel)
print(str(remote))
fd = can.Message(is_fd=True, bitrate_switch=True, error_state_indicator=True, data=bytes(64))
print(fd.dlc, fd.is_fd, fd.bitrate_switch, fd.error_state_indicator)
error = can.Message(is_error_frame=True)
print(error.is_error_frame, error.dlc)
print(can.Message(data=bytearray(b"ab")).data, can.Message(data=(1, 2)).data)
try:
    msg.unknown = 1
except AttributeError:
    print("no such attribute")
