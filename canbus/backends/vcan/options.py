"""What a vcan bus can be told beside socketcan's options. Declarations only."""

from canbus.options import Option

OPTIONS = (Option("persist", bool, False, "the interface stays when its last user has left"),)
