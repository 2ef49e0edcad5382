"""Log files: not here yet, and the name says what there is instead.

# differs: Log file formats
#   python-can: LogReader: here
#   canbus: LogReader: not here, `canbus dump --log`
# differs: Log file formats
#   python-can: Logger: here
#   canbus: Logger: not here, `canbus dump --log`
"""

import can

for name in ("LogReader", "Logger"):
    try:
        getattr(can, name)
        print(f"{name}: here")
    except AttributeError as exc:
        hint = "`canbus dump --log`"
        print(f"{name}: not here, {hint if hint in str(exc) else 'and no hint'}")
