"""can_loops.c as a process that is told what to do, so that it takes turns with the others."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

BUILT = Path(__file__).parents[1] / ".bench" / "can_loops"


class CProgram:
    """A running can_loops, with a receiving socket for one identifier.

    Args:
        link: the interface.
        can_id: which frames it receives.
    """

    def __init__(self, link: str, can_id: int) -> None:
        self._process = subprocess.Popen(
            [BUILT, link, f"{can_id:x}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        if self._answer() != "ready\n":
            raise RuntimeError("can_loops did not start")

    def ask(self, command: str, *numbers: int) -> list[int]:
        """Have it do something and wait for the answer: the ns spent come last."""
        self.tell(command, *numbers)
        return self.answer()

    def tell(self, command: str, *numbers: int) -> None:
        """Have it start something; `answer` waits for the end."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command} {' '.join(map(str, numbers))}\n")

    def answer(self) -> list[int]:
        """What it says to the oldest command not yet answered."""
        numbers = [int(word) for word in self._answer().split()]
        if not numbers:
            raise RuntimeError("can_loops has ended; its reason is above")
        return numbers

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(BrokenPipeError):
            self._process.communicate()  # the end of its input is the end of it
