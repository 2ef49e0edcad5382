"""A request and its answer."""

import can

with can.Bus() as bus, can.Bus() as other:
    bus.send(can.Message(arbitration_id=0x42, is_remote_frame=True, dlc=3, is_extended_id=False))
    request = other.recv(2)
    print(request.is_remote_frame, request.dlc, len(request.data))
    other.send(
        can.Message(
            arbitration_id=request.arbitration_id,
            is_extended_id=False,
            data=b"abcdef"[: request.dlc],
        )
    )
    answer = bus.recv(2)
    print(answer.is_remote_frame, answer.data.decode())
