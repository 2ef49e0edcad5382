"""Who hears a frame: others always, oneself only on request."""

import can

with can.Bus() as quiet, can.Bus(receive_own_messages=True) as loud:
    for bus in (quiet, loud):
        bus.send(can.Message(arbitration_id=0x123, is_extended_id=False, data=b"\1"))
    print("quiet:", [bus.recv(0.05) is not None for bus in (quiet, quiet)])
    heard = [loud.recv(0.5), loud.recv(0.5), loud.recv(0.05)]
    print("loud:", [msg and msg.is_rx for msg in heard])
