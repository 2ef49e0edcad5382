"""errors: the tree as its docstring draws it, errno, hints, and surviving a pickle."""

from __future__ import annotations

import copy
import errno
import pickle
import re
import traceback

import pytest

from canbus import errors
from canbus.errors import (
    CanBackendNotFoundError,
    CanChannelNotFoundError,
    CanClosedError,
    CanConfigError,
    CanError,
    CanInitializationError,
    CanInterfaceNotImplementedError,
    CanKernelSupportError,
    CanLinkDownError,
    CanLinkNotFoundError,
    CanLinkPermissionError,
    CanMessageError,
    CanOperationError,
    CanPermissionError,
    CanProtocolError,
    CanTimeoutError,
    CanTxQueueFullError,
    CanUnsupportedError,
    CanWarning,
)

ALL = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, CanError)
]

ALSO = [
    (CanInterfaceNotImplementedError, NotImplementedError),
    (CanBackendNotFoundError, LookupError),
    (CanChannelNotFoundError, OSError),
    (CanPermissionError, PermissionError),
    (CanKernelSupportError, CanUnsupportedError),
    (CanKernelSupportError, OSError),
    (CanMessageError, ValueError),
    (CanLinkDownError, OSError),
    (CanTxQueueFullError, CanTimeoutError),
    (CanTxQueueFullError, CanOperationError),
    (CanClosedError, ValueError),
    (CanConfigError, CanInitializationError),
    (CanConfigError, CanOperationError),
    (CanConfigError, ValueError),
    (CanUnsupportedError, CanInitializationError),
    (CanUnsupportedError, CanOperationError),
    (CanUnsupportedError, NotImplementedError),
    (CanTimeoutError, TimeoutError),
    (CanProtocolError, ValueError),
    (CanLinkNotFoundError, LookupError),
    (CanLinkPermissionError, PermissionError),
]


def test_every_class_stands_in_the_drawing_under_a_base_of_its_own() -> None:
    drawn: dict[str, str] = {}
    path: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^    ([│ ]*)(?:[├└]─ )?(Can\w+)", line)
        if not found:
            continue
        depth = line.index(found[2])
        path = [(d, name) for d, name in path if d < depth]
        drawn[found[2]] = path[-1][1] if path else ""
        path.append((depth, found[2]))
    assert set(drawn) == {cls.__name__ for cls in ALL}
    for name, parent in drawn.items():
        if parent:
            assert issubclass(getattr(errors, name), getattr(errors, parent)), (name, parent)


@pytest.mark.parametrize(("error", "base"), ALSO)
def test_a_leaf_is_also_what_python_can_lets_escape(
    error: type[CanError], base: type[BaseException]
) -> None:
    assert issubclass(error, base)


@pytest.mark.parametrize("cls", ALL)
def test_message_code_and_hint_are_kept(cls: type[CanError]) -> None:
    exc = cls("cannot open can0", errno.ENODEV, hint="plug it in")
    assert (exc.error_code, exc.hint) == (errno.ENODEV, "plug it in")
    assert str(exc) == f"cannot open can0 [Error Code {errno.ENODEV}]"
    assert "hint: plug it in" in "".join(traceback.format_exception(exc))


@pytest.mark.parametrize("cls", ALL)
def test_without_code_and_hint_there_are_none(cls: type[CanError]) -> None:
    exc = cls("broken")
    assert (str(exc), exc.error_code, exc.hint) == ("broken", None, None)
    assert not hasattr(exc, "__notes__")


@pytest.mark.parametrize("cls", [c for c in ALL if issubclass(c, OSError)])
def test_an_error_of_the_operating_system_has_its_errno(cls: type[CanError]) -> None:
    exc: OSError = cls("broken", errno.ENODEV)  # type: ignore[assignment]
    assert exc.errno == errno.ENODEV


@pytest.mark.parametrize("cls", ALL)
@pytest.mark.parametrize("through", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy])
def test_an_error_survives_pickling_and_copying(cls: type[CanError], through) -> None:
    exc = cls("broken", errno.ENODEV, hint="mend it")
    same = through(exc)
    assert type(same) is cls
    assert (str(same), same.error_code, same.hint) == (str(exc), errno.ENODEV, "mend it")
    assert same.__notes__ == ["hint: mend it"]


@pytest.mark.parametrize("cls", [c for c in ALL if issubclass(c, OSError)])
def test_the_errno_survives_pickling(cls: type[CanError]) -> None:
    same = pickle.loads(pickle.dumps(cls("broken", errno.ENODEV)))
    assert same.errno == errno.ENODEV


def test_the_warning_is_a_user_warning() -> None:
    assert issubclass(CanWarning, UserWarning)
