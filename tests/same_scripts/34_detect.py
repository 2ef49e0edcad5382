"""Which channels there are.

# differs: `detect_available_configs("virtual")`
#   python-can: and 1 that nobody has opened
#   canbus: and 0 that nobody has opened
"""

import can

with can.Bus("one", interface="virtual"), can.Bus("two", interface="virtual"):
    found = can.detect_available_configs("virtual")
    print({config["interface"] for config in found})
    channels = [config["channel"] for config in found]
    print([name in channels for name in ("one", "two", "three")])
    print(f"and {len({*channels} - {'one', 'two'})} that nobody has opened")
    print(len(found) == len(can.detect_available_configs(["virtual"])))
