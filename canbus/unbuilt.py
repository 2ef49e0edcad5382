"""Names of python-can's that are not here yet, and what there is meanwhile. Names only."""

from __future__ import annotations

_LOG_FILES = frozenset(
    {
        *("ASCReader", "ASCWriter", "BLFReader", "BLFWriter", "CSVReader", "CSVWriter"),
        *("CanutilsLogReader", "CanutilsLogWriter", "LogReader", "Logger", "MF4Reader"),
        *("MF4Writer", "MessageSync", "SizedRotatingLogger", "SqliteReader", "SqliteWriter"),
        *("TRCFileVersion", "TRCReader", "TRCWriter"),
        *("bridge", "io", "logconvert", "logger", "player", "viewer"),
    }
)


def why_not(name: str) -> str:
    """What to say of a name that is missing; "" for one that nobody expects."""
    if name in _LOG_FILES:
        return (
            ": log files are not built yet. `canbus dump --log` writes what candump -L does, and "
            "Message.parse reads its frames"
        )
    return ""
