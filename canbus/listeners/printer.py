"""Printer: every frame as a line of text, as `str(msg)` shows it. No log file format."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TextIO

from canbus.listener import Listener
from canbus.message import Message
from canbus.stoppable import Stoppable


class Printer(Listener, Stoppable):
    """Prints frames; a context manager that stops at its end.

    Args:
        file: where to: the path of a file, an open text file, or None for the standard output.
        append: write behind what is in the file at `path` already, rather than replace it.
        encoding: of that file; None for the system's.

    Attributes:
        file: what is written to.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(
        self,
        file: str | os.PathLike[str] | TextIO | None = None,
        append: bool = False,
        *,
        encoding: str | None = None,
    ) -> None:
        self._is_ours = isinstance(file, str | os.PathLike)
        if isinstance(file, str | os.PathLike):
            self.file: TextIO = Path(file).open("a" if append else "w", encoding=encoding)  # noqa: SIM115 - open until stop()
        else:
            self.file = sys.stdout if file is None else file

    def on_message_received(self, msg: Message) -> None:
        """Print the frame."""
        self.file.write(f"{msg}\n")

    def file_size(self) -> int:
        """How many bytes there are in the file by now; 0 for the standard output."""
        return 0 if self.file is sys.stdout else self.file.tell()

    def stop(self) -> None:
        """Let all be written. A file that was given by its path is closed, any other stays open."""
        if self._is_ours:
            self.file.close()
        elif not self.file.closed:
            self.file.flush()
