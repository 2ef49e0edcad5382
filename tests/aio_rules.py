"""Which rules of the suite are run again over the asyncio face, and how. No test here."""

from __future__ import annotations

from canbus.plugin import BackendSpec, Capability
from canbus.testing.abilities import AbilityRules
from canbus.testing.accounts import AccountRules
from canbus.testing.apart import ApartRules
from canbus.testing.consumers import ConsumerRules
from canbus.testing.cyclic_options import CyclicOptionRules
from canbus.testing.cyclic_running import CyclicRunningRules
from canbus.testing.cyclic_tasks import CyclicTaskRules
from canbus.testing.declaration import DeclarationRules
from canbus.testing.descriptor import DescriptorRules
from canbus.testing.filtering import FilteringRules
from canbus.testing.frame_kinds import FrameKindRules
from canbus.testing.torture import TortureRules
from canbus.testing.watching import WatchRules

AS_EVER = (
    AbilityRules,
    AccountRules,
    ApartRules,
    CyclicOptionRules,
    CyclicRunningRules,
    CyclicTaskRules,
    DeclarationRules,
    DescriptorRules,  # the descriptor is the loop's: others do not see what it has read
    TortureRules,  # over `virtual`: in a guest it takes half a minute
)
"""Nothing in these is awaited; over `virtual` they are run all the same."""

ALREADY_SHOWN = (FrameKindRules, FilteringRules, WatchRules)
"""For one that differs from another only in how it is opened and closed."""


def without_fileno(spec: BackendSpec) -> BackendSpec:
    """The description without the descriptor, which is the loop's."""
    return spec._replace(capabilities=spec.capabilities & ~Capability.FILENO)


def leave_out(suite: type, *parts: type) -> None:
    """Take the rules of these parts out of a test class."""
    names = [name for part in parts for name in vars(part) if name.startswith("test_")]
    names.append(ConsumerRules.test_fileno_tells_of_the_frames_of_the_bus_itself.__name__)
    for name in names:
        setattr(suite, name, None)
