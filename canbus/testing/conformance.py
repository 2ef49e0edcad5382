"""BusConformance: all parts of the conformance suite as one class. No rule stands here."""

from __future__ import annotations

from canbus.testing.abilities import AbilityRules
from canbus.testing.accounts import AccountRules
from canbus.testing.apart import ApartRules
from canbus.testing.closing import ClosingRules
from canbus.testing.concurrency import ConcurrencyRules
from canbus.testing.consumers import ConsumerRules
from canbus.testing.cyclic_options import CyclicOptionRules
from canbus.testing.cyclic_running import CyclicRunningRules
from canbus.testing.cyclic_tasks import CyclicTaskRules
from canbus.testing.declaration import DeclarationRules
from canbus.testing.descriptor import DescriptorRules
from canbus.testing.filtering import FilteringRules
from canbus.testing.frame_kinds import FrameKindRules
from canbus.testing.full_queue import FullQueueRules
from canbus.testing.many_frames import ManyFramesRules
from canbus.testing.receiving import ReceivingRules
from canbus.testing.sending import SendingRules
from canbus.testing.torture import TortureRules
from canbus.testing.watching import WatchRules


class BusConformance(
    DeclarationRules,
    ReceivingRules,
    SendingRules,
    FullQueueRules,
    ManyFramesRules,
    FrameKindRules,
    FilteringRules,
    ApartRules,
    ConcurrencyRules,
    ConsumerRules,
    DescriptorRules,
    CyclicTaskRules,
    CyclicRunningRules,
    CyclicOptionRules,
    WatchRules,
    AbilityRules,
    AccountRules,
    ClosingRules,
    TortureRules,
):
    """The rules that every backend keeps, one test method or more each.

    A plugin's test file is this:

        class TestLoop(BusConformance):
            spec = canbus_backend()

            @pytest.fixture
            def channel(self) -> str:
                return "loop-1"         # fresh: nobody else is on it

    All buses that are opened on `channel` must hear each other. Where each needs an adapter of
    its own, override `channels` instead, which gives two or more that do; where buses need
    options, override `connect`. A spec that declares TX_QUEUE needs `jammed`; a channel that is
    no text needs `other_channel`.

    A test is skipped only where `spec.capabilities` does not declare what it is about, or where
    `channels` has fewer than it needs; what is declared and fails is a failure.
    """
