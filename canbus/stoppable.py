"""Stoppable: something that goes on by itself until it is stopped, as a context manager. No CAN."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Stoppable(ABC):
    """Base of what ends with `stop()`, at the latest at the end of its `with` block."""

    @abstractmethod
    def stop(self) -> None:
        """End it. May be called any number of times."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
