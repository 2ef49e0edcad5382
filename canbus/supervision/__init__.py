"""A bus that heals itself, and tells of the hole.

policy.py says how often and how long to try, gap.py what is told; supervisor.py is the thread
that tries, and supervised_bus.py the bus in front of the one that comes and goes. Which frames
come from that one is source.py's; what goes on over a gap is supervised_task.py's and
supervised_watch.py's. No backend is known here, and nothing is opened by name.
"""

from canbus.supervision.gap import Gap as Gap
from canbus.supervision.gap import GapCause as GapCause
from canbus.supervision.policy import ReconnectPolicy as ReconnectPolicy
from canbus.supervision.supervised_bus import SupervisedBus as SupervisedBus
