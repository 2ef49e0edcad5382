"""The errno of a C library call made through ctypes, read right after it. Makes no such call."""

from __future__ import annotations

from collections.abc import Callable


def errno_reader() -> Callable[[], int]:
    """A function that says why the last call of this thread failed.

    It asks the interpreter's own PyErr_SetFromErrno, which reads errno before all else; so it
    has to be the very next thing that is called after the failure.

    Raises:
        ImportError: this Python has no ctypes.
    """
    import ctypes

    raise_errno = ctypes.pythonapi.PyErr_SetFromErrno
    raise_errno.argtypes = [ctypes.py_object]
    raise_errno.restype = ctypes.py_object

    def last_errno() -> int:
        try:
            raise_errno(OSError)
        except OSError as exc:
            return exc.errno or 0
        return 0

    return last_errno
