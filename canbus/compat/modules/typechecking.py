"""`can.typechecking`: names for annotations."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import IO, Any, TypedDict


class _CanFilterBase(TypedDict):
    can_id: int
    can_mask: int


class CanFilter(_CanFilterBase, total=False):
    """A filter as a dictionary; `canbus.CanFilter` says more."""

    extended: bool


class AutoDetectedConfig(TypedDict):
    """What `detect_available_configs` tells of a channel."""

    interface: str
    channel: Any


class BitTimingDict(TypedDict):
    """What a BitTiming is made of."""

    f_clock: int
    brp: int
    tseg1: int
    tseg2: int
    sjw: int
    nof_samples: int


class BitTimingFdDict(TypedDict):
    """What a BitTimingFd is made of."""

    f_clock: int
    nom_brp: int
    nom_tseg1: int
    nom_tseg2: int
    nom_sjw: int
    data_brp: int
    data_tseg1: int
    data_tseg2: int
    data_sjw: int


CanFilters = Sequence[CanFilter]
CanData = bytes | bytearray | int | Iterable[int]
ChannelStr = str
ChannelInt = int
Channel = ChannelInt | ChannelStr | Sequence[ChannelInt]
FileLike = IO[Any]
StringPathLike = str | os.PathLike[str]
BusConfig = dict[str, Any]
TAdditionalCliArgs = dict[str, str | int | float | bool]
ReadableBytesLike = bytes | bytearray | memoryview
