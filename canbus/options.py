"""Declared options: what a backend can be told, of which type, and what is refused.

The declaration is read by `Bus()`, the command line, configuration and documentation.
Explicit values are checked, never cast; text (command line, environment) is parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum, Flag, auto
from typing import Any, NamedTuple

from canbus.errors import CanConfigError, CanUnsupportedError
from canbus.state import BusState


class Capability(Flag):
    """What a backend declares it can do. The conformance suite holds it to each word."""

    NONE = 0
    FD = auto()
    """CAN FD frames, with `fd=True`."""
    ESI = auto()
    """CAN FD frames keep the error state indicator that they were given."""
    OWN_MESSAGES = auto()
    """`receive_own_messages=True`."""
    ERROR_FRAMES = auto()
    """Error frames pass through like any other."""
    FILENO = auto()
    """A file descriptor that is readable whenever a frame waits."""
    FILTERS = auto()
    """Filters are applied below Python (kernel or adapter)."""
    BITRATE = auto()
    """Sets (or verifies) the bitrate of the channel."""
    LISTEN_ONLY = auto()
    """`state=BusState.PASSIVE`."""
    CONFIRM = auto()
    """`send(confirm=True)` returns a receipt."""
    TTL = auto()
    """`send(ttl=...)` lets a frame expire."""
    WATCH = auto()
    """`watch` and `reply_to_remote`: something below Python looks after received frames."""
    TX_QUEUE = auto()
    """Frames wait for the channel in a queue that can be full; `send` waits for room in it."""


class Option(NamedTuple):
    """One option of a backend.

    Attributes:
        name: keyword of `Bus()`; on the command line with hyphens.
        type: the type of a value, or a tuple of types.
        default: used when the option is left out.
        help: one line for people, units included.
        parse: makes a value from text; by default derived from `type`.
        needs: capability without which only `neutral` values are accepted.
        neutral: values that ask for nothing.
    """

    name: str
    type: type | tuple[type, ...]
    default: Any
    help: str
    parse: Callable[[str], Any] | None = None
    needs: Capability = Capability.NONE
    neutral: tuple[Any, ...] = ()

    @property
    def type_name(self) -> str:
        """The type in words, for messages and documentation."""
        types = self.type if isinstance(self.type, tuple) else (self.type,)
        return " or ".join(t.__name__ for t in types)

    def check(self, value: object) -> None:
        """Raise CanConfigError unless the value is of the declared type (or the default)."""
        if value is self.default:
            return
        types = self.type if isinstance(self.type, tuple) else (self.type,)
        if float in types:
            types = (*types, int)
        if isinstance(value, bool) and bool not in types and object not in types:
            types = ()  # True is an int to Python, but nobody means a bitrate of 1
        if not isinstance(value, types):
            raise CanConfigError(
                f"option {self.name}={value!r} must be {self.type_name}, "
                f"not {type(value).__name__}",
                hint=self.help,
            )

    def from_text(self, text: str) -> Any:
        """Parse a value given as text.

        Raises:
            CanConfigError: it cannot be read as the declared type.
        """
        try:
            return self.parse(text) if self.parse else _parse(self.type, text)
        except (ValueError, KeyError, TypeError) as exc:
            raise CanConfigError(
                f"option {self.name}={text!r} cannot be read as {self.type_name}", hint=self.help
            ) from exc


_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _parse(kind: type | tuple[type, ...], text: str) -> Any:
    first = kind[0] if isinstance(kind, tuple) else kind
    if first is bool:
        return _TRUTH[text.lower()]
    if first is int:
        return int(text, 0)
    if issubclass(first, Enum):
        return first[text.upper()]
    parsed: Any = first
    return parsed(text)


def bus_state_from_text(text: str) -> BusState:
    """Read a BusState by its name, in any case."""
    return BusState[text.upper()]


COMMON = (
    Option("can_filters", object, None, "filters (dictionaries or CanFilter); None is everything"),
    Option(
        "receive_own_messages",
        bool,
        False,
        "deliver to this bus what it sent itself",
        needs=Capability.OWN_MESSAGES,
        neutral=(False,),
    ),
    Option("fd", bool, False, "send and receive CAN FD", needs=Capability.FD, neutral=(False,)),
    Option("bitrate", int, None, "bit/s of the channel", needs=Capability.BITRATE),
    Option("data_bitrate", int, None, "bit/s of the FD data phase", needs=Capability.BITRATE),
    Option("timing", object, None, "BitTiming or BitTimingFd", needs=Capability.BITRATE),
    Option(
        "state",
        (BusState, str),
        BusState.ACTIVE,
        "ACTIVE, or PASSIVE to listen without acknowledging",
        parse=bus_state_from_text,
        needs=Capability.LISTEN_ONLY,
        neutral=(BusState.ACTIVE,),
    ),
    Option("single_handle", bool, False, "accepted for python-can; every bus may be shared"),
)
"""Every backend takes these; asking for what it cannot do raises CanUnsupportedError."""


def check_options(
    backend: str,
    declared: Sequence[Option],
    capabilities: Capability,
    given: Mapping[str, object],
    *,
    takes_any: bool = False,
) -> dict[str, Any]:
    """Return the options to hand to the backend's constructor.

    Args:
        backend: its name, for messages.
        declared: its own options.
        capabilities: what it can do.
        given: what the user said.
        takes_any: hand on what is not declared, rather than refuse it.

    Raises:
        CanConfigError: an unknown option (naming the nearest) or an ill-typed value.
        CanUnsupportedError: a common option that this backend cannot fulfil.
    """
    own = {option.name for option in declared}
    by_name = {option.name: option for option in (*COMMON, *declared)}
    accepted: dict[str, Any] = {}
    for name, said in given.items():
        value: Any = said
        option = by_name.get(name)
        if option is None and takes_any:
            accepted[name] = value
            continue
        if option is None:
            raise _unknown(backend, name, list(by_name))
        if value is None and name not in own:
            continue  # a common option left open
        option.check(value)
        if name == "state" and name not in own and isinstance(value, str):
            value = option.from_text(value)  # python-can takes a state by its name, too
        if name in own or option.needs & capabilities or option.needs is Capability.NONE:
            accepted[name] = value
        elif value not in option.neutral:
            raise CanUnsupportedError(
                f"backend {backend} cannot do {name}={value!r}", hint=f"leave {name} out"
            )
    if "single_handle" not in own:
        accepted.pop("single_handle", None)
    return accepted


def _unknown(backend: str, name: str, known: list[str]) -> CanConfigError:
    import difflib

    near = difflib.get_close_matches(name, known, n=1)
    guess = f"did you mean {near[0]}? " if near else ""
    return CanConfigError(
        f"backend {backend} has no option {name!r}",
        hint=f"{guess}It takes: {', '.join(sorted(known))}",
    )
