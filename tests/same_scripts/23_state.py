"""What a bus tells of itself, and its end.

# differs: `BusState.PASSIVE.value`
#   python-can: PASSIVE is 2
#   canbus: PASSIVE is passive
"""

import can

bus = can.Bus()
print(bus.state, bus.state is can.BusState.ACTIVE, bus.protocol)
print([state.name for state in can.BusState])
print("PASSIVE is", can.BusState.PASSIVE.value)
print(isinstance(bus, can.BusABC), type(bus.channel_info), bus.channel_info == str(bus))
try:
    bus.state = can.BusState.PASSIVE
except NotImplementedError:
    print("the state cannot be set")
bus.shutdown()
bus.shutdown()
print("closed")
