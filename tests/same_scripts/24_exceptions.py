"""What can go wrong, and how it is told."""

import can

for kind in (
    can.CanInterfaceNotImplementedError,
    can.CanInitializationError,
    can.CanOperationError,
    can.CanTimeoutError,
):
    print(kind.__name__, issubclass(kind, can.CanError))
error = can.CanOperationError("the cable is out", 19)
print(error.error_code, "the cable is out" in str(error), isinstance(error, can.CanError))
print(can.CanError("no number").error_code)
print(issubclass(can.CanInterfaceNotImplementedError, NotImplementedError))
print(issubclass(can.CanTimeoutError, TimeoutError))
try:
    can.Bus(interface="there-is-no-such", channel="x")
except can.CanInterfaceNotImplementedError as exc:
    print("there-is-no-such" in str(exc))
try:
    can.Bus(interface="socketcan", channel="there-is-no-such")
except (OSError, can.CanError):
    print("no such channel")
