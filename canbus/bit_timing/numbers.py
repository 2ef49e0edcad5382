"""Numbers: what a timing was made of, as a mapping, hashable and shown. Nothing is computed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping


class Numbers(Mapping[str, int]):
    """Base of both timings, which are mappings of their constructors' arguments."""

    @abstractmethod
    def _asdict(self) -> dict[str, int]:
        """The arguments by name."""

    def __getitem__(self, key: str) -> int:
        return self._asdict()[key]

    def __len__(self) -> int:
        return len(self._asdict())

    def __iter__(self) -> Iterator[str]:
        return iter(self._asdict())

    def __hash__(self) -> int:
        return hash(tuple(self._asdict().items()))

    def __repr__(self) -> str:
        facts = ", ".join(f"{name}={value}" for name, value in self.items())
        return f"can.{type(self).__name__}({facts})"
