"""The conformance suite over the asyncio face of `socketcan`: whatever is awaited there."""

from __future__ import annotations

from typing import Any

from canbus.bus import BusABC
from canbus.plugin import Capability
from canbus.testing.abilities import AbilityRules
from canbus.testing.accounts import AccountRules
from canbus.testing.aio_face import AioFace
from canbus.testing.apart import ApartRules
from canbus.testing.consumers import ConsumerRules
from canbus.testing.cyclic_options import CyclicOptionRules
from canbus.testing.cyclic_running import CyclicRunningRules
from canbus.testing.cyclic_tasks import CyclicTaskRules
from canbus.testing.declaration import DeclarationRules
from canbus.testing.descriptor import DescriptorRules
from canbus.testing.torture import TortureRules
from tests.kernel.socketcan_conformance import SocketcanConformance


class TestAioSocketcan(SocketcanConformance):
    spec = SocketcanConformance.spec._replace(
        capabilities=SocketcanConformance.spec.capabilities & ~Capability.FILENO
    )

    def connect(self, channel: Any, **options: Any) -> BusABC:
        made: Any = AioFace(super().connect(channel, **options))
        bus: BusABC = made
        return bus


_AS_EVER = (
    AbilityRules,
    AccountRules,
    ApartRules,
    CyclicOptionRules,
    CyclicRunningRules,
    CyclicTaskRules,
    DeclarationRules,
    DescriptorRules,  # the descriptor is the loop's: others do not see what it has read
    TortureRules,  # over `virtual`: here it takes half a minute
)
_LEFT_OUT = [name for rules in _AS_EVER for name in vars(rules) if name.startswith("test_")]
_LEFT_OUT.append(ConsumerRules.test_fileno_tells_of_the_frames_of_the_bus_itself.__name__)
for _name in _LEFT_OUT:
    setattr(TestAioSocketcan, _name, None)
