"""Provision: a vcan interface that is made for its first user and removed after its last.

Who uses it is remembered by lock files, two for each interface of a network namespace.
"change" is held for the moment in which somebody comes or goes; "users" by everybody for as
long as the bus is open, so that the kernel drops it if a process is killed. Whoever leaves and
then finds that nobody else has "users" is the last: nobody can come meanwhile, as that needs
"change". How a lock file is opened is lock_file.py's, what is done to a link interface.py's.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import LOCK_UN, flock
from pathlib import Path
from threading import get_ident

from canbus.backends.vcan import lock_file
from canbus.backends.vcan.interface import VcanInterface
from canbus.backends.vcan.lock_file import LockBusyError, LockError, Patience
from canbus.plugin import CanError, warn

_LONGEST_CHANGE = 30.0  # seconds; loading a module is in there

_changing: dict[tuple[str, int, int], list[Callable[[], None]]] = {}
"""Which thread holds which "change" lock, and what it has to do afterwards."""


class Provision:
    """One user of one interface.

    Args:
        interface: which.
        namespace_id: of the network namespace that it is in.
        folder: of the lock files; None for the usual one.
        patience: makes the patience for each wait.
    """

    def __init__(
        self,
        interface: VcanInterface,
        namespace_id: int,
        *,
        folder: Path | None = None,
        patience: Callable[[], Patience] = lambda: Patience(_LONGEST_CHANGE),
    ) -> None:
        self._interface = interface
        stem = f"canbus-vcan-{namespace_id}-{interface.name}"
        folder = folder or lock_file.lock_folder()
        self._change = folder / f"{stem}.change"
        self._users = folder / f"{stem}.users"
        self._patience = patience
        self._use: int | None = None
        self._pid = os.getpid()

    def join(self) -> None:
        """Become a user of the interface, which is there and up after this.

        Also for who is one already: if the interface was removed, it is made anew.

        Raises:
            CanPermissionError: a PermissionError; it is not there, or not up, and this
                process may not change that.
            CanUnsupportedError: it is too small for the frames asked for.
            CanConfigError: a ValueError; it is no vcan.
            CanKernelSupportError: this kernel has no vcan.
            CanInitializationError: another program keeps it locked, or anything else.
        """
        try:
            with self._alone() as change:
                try:
                    self._hold()
                    self._interface.provide()
                except BaseException as exc:
                    try:
                        problem = self._depart(change)
                        if problem is not None:
                            exc.add_note(problem)
                    finally:
                        self._let_go()
                    raise
        except LockBusyError:
            raise
        except LockError:  # no lock can be had: fine for one that nobody of us will remove
            if not self._interface.stays():
                raise
            self._interface.provide()

    def _hold(self) -> None:
        """Have "users", and no other file than the one that is there now."""
        if self._use is not None and lock_file.is_at(self._use, self._users):
            return
        fresh = lock_file.lock(self._users, lock_file.SHARED, self._patience())
        old, self._use = self._use, fresh
        if old is not None:
            lock_file.release(old)

    def leave(self) -> None:
        """Be a user no more; the last one removes the interface, if it is ours.

        It stays as long as another program listens on it. One that only sends is not seen.
        May be called any number of times. A forked child only closes its copies: the
        interface is its parent's. What stays and should not is warned about. Ctrl-C meanwhile
        is raised when that is done.
        """
        try:
            self._leave()
        except BaseException:
            try:
                self._leave()
            except BaseException:
                self._let_go()
                raise
            raise

    def _leave(self) -> None:
        use = self._use
        if use is None:
            return
        if self.is_inherited:
            self._use = None
            os.close(use)  # not unlocked: the lock is the parent's, too
            return
        later = _changing.get(self._key())
        if later is not None:
            later.append(self.leave)
            return
        problem: str | None = None
        try:
            with self._alone() as change:
                problem = self._depart(change)
        except CanError as exc:
            name = self._interface.name
            problem = f"{name} may stay, although its last user has left: {exc}"
        self._let_go()
        if problem is not None:
            warn(problem)

    @property
    def is_inherited(self) -> bool:
        """Whether this is a forked child's copy."""
        return os.getpid() != self._pid

    def _depart(self, change: int) -> str | None:
        """Remove what is ours, if nobody else uses it; returns what prevents that."""
        use = self._use
        if use is None or not lock_file.try_lock(use, lock_file.EXCLUSIVE):
            return None
        problem = self._interface.remove()
        lock_file.remove(use, self._users)
        lock_file.remove(change, self._change)
        return problem

    def _let_go(self) -> None:
        use, self._use = self._use, None
        if use is not None:
            try:
                flock(use, LOCK_UN)  # as lock_file.release, at whose entry Ctrl-C could come
            finally:
                os.close(use)

    def _key(self) -> tuple[str, int, int]:
        # No Path: its hash is a function of Python, and Ctrl-C would come when the key goes.
        return str(self._change), get_ident(), os.getpid()

    @contextmanager
    def _alone(self) -> Iterator[int]:
        """Have "change", and its descriptor.

        A signal handler, or a bus that is collected as garbage, may want it within: to come is
        refused then, as it would wait for itself, and to go is done afterwards.
        """
        key = self._key()
        if key in _changing:
            name = self._interface.name
            raise LockBusyError(
                f"cannot open {name}: a signal handler has interrupted who opens or closes it"
            )
        later = _changing[key] = []
        try:
            change = lock_file.lock(self._change, lock_file.EXCLUSIVE, self._patience())
            try:
                yield change
            finally:
                try:
                    flock(change, LOCK_UN)  # as above
                finally:
                    os.close(change)
        finally:
            del _changing[key]
            for leave in later:
                leave()
