"""DetectedChannel: a channel that could be opened, as detection tells of it. A value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class DetectedChannel(dict[str, Any]):
    """What `Bus(**channel)` takes, as python-can's dictionary; and what else is known.

    Args:
        interface: the backend.
        channel: for it.
        facts: more about it, by name: "driver", "serial_number", "path", "bitrate", "state".
        address: the channel that means the same adapter after it was plugged in elsewhere or in
            another order; None if there is none.

    Attributes:
        facts: see above.
        address: see above.
    """

    def __init__(
        self,
        interface: str,
        channel: Any,
        facts: Mapping[str, Any] | None = None,
        address: str | None = None,
    ) -> None:
        super().__init__(interface=interface, channel=channel)
        self.facts = {name: value for name, value in (facts or {}).items() if value is not None}
        self.address = address
