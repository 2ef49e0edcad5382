"""Request: what somebody wants to be brought up. A value; what it takes is decided in families/."""

from __future__ import annotations

from dataclasses import dataclass, field

from canbus.link_config import LinkConfig

_PATIENCE = 10.0


@dataclass(frozen=True, kw_only=True)
class Request:
    """What shall be brought up.

    Attributes:
        target: a link ("can0"), or a family of adapters ("pcan").
        port: the serial port of an adapter that is one.
        name: of the link: which one of a family, or what a new one shall be called.
        config: how the link shall be.
        timeout: seconds to wait for the interface to appear; None: 10 for one that has to come,
            and none for a link that is named.
        strict: refuse to come up without a setting that the driver does not have.
        options: what one family alone understands.
    """

    target: str
    port: str | None = None
    name: str | None = None
    config: LinkConfig = field(default_factory=lambda: LinkConfig(up=True))
    timeout: float | None = None
    strict: bool = False
    options: dict[str, object] = field(default_factory=dict)

    @property
    def patience(self) -> float:
        """Seconds to wait for an interface that a driver or daemon has to make."""
        return _PATIENCE if self.timeout is None else self.timeout
