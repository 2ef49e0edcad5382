"""The steps that serial adapters alone need: rights, the port, the question, slcand's keeper."""

from __future__ import annotations

import errno
from dataclasses import dataclass, replace
from shlex import join, quote

from canbus.backends.slcan.port_errors import busy_error
from canbus.backends.slcan.port_users import users_of
from canbus.bringup import keepers
from canbus.bringup.care import Care
from canbus.bringup.common_steps import Configure
from canbus.bringup.daemon import DaemonEndedError
from canbus.bringup.families.serial_names import free_name
from canbus.bringup.machine import Machine
from canbus.bringup.serial_adapter import ask_adapter
from canbus.bringup.serial_port import identify
from canbus.bringup.services import FOREGROUND, is_placed, take_place
from canbus.bringup.steps import Context, Step, Undo
from canbus.errors import CanChannelNotFoundError, CanError, CanLinkError, CanLinkPermissionError
from canbus.link_info import LinkInfo
from canbus.links.refusals import ROOT_HINT


def is_kept(care: Care, context: Context) -> bool:
    """Whether a keeper does all that already, where it is wanted, and the link is there."""
    keeper = _own_keeper(care)
    return (
        keeper is not None
        and keeper.care.includes(care)
        and is_placed(keeper, context.machine, foreground=bool(care.facts.get(FOREGROUND)))
        and context.find() is not None
    )


def _own_keeper(care: Care) -> keepers.Keeper | None:
    """The one that keeps this adapter up under that name; another's of that name is left alone."""
    keeper = keepers.find(care.key)
    return keeper if keeper is not None and keeper.is_ready and _has_port(keeper, care) else None


def _has_port(keeper: keepers.Keeper, care: Care) -> bool:
    port = keeper.care.port
    return port is not None and care.port is not None and port.is_same_adapter(care.port)


def refuse_coming(care: Care) -> None:
    """See that no other canbus is about to bring the same adapter up.

    Raises:
        CanLinkError: one is.
    """
    for keeper in keepers.find_all():
        if not keeper.is_ready and _has_port(keeper, care):
            raise _twin_error(keeper.pid, care.what)


def _twin_error(pid: int, what: str) -> CanLinkError:
    return CanLinkError(
        f"another canbus (process {pid}) is bringing the {what} up",
        errno.EBUSY,
        hint="wait for it: `canbus list` shows the interface when it is there",
    )


@dataclass
class CheckRights(Step):
    """See before anything is changed whether all of it can be done."""

    care: Care
    slcand: str | None

    def explain(self) -> str:
        """In words."""
        return "see whether slcand is there, and may be used"

    def commands(self, context: Context) -> list[str]:
        """For sh."""
        return [] if is_kept(self.care, context) or self.slcand else ["command -v slcand || exit 1"]

    def is_done(self, context: Context) -> bool:
        """Whether there is nothing to do."""
        return is_kept(self.care, context)

    @property
    def tells_itself(self) -> bool:
        """Nothing is done that is worth a word."""
        return True

    def run(self, context: Context) -> None:
        """Do it."""
        if self.slcand is None:
            raise CanLinkError(
                "there is no program slcand, which makes network interfaces of serial adapters",
                errno.ENOENT,
                hint="it is in the package can-utils: sudo apt install can-utils",
            )
        if not context.machine.has_capability("CAP_NET_ADMIN"):
            raise CanLinkPermissionError(
                f"cannot make the network interface {self.care.key}: that needs CAP_NET_ADMIN",
                errno.EPERM,
                hint=f"{ROOT_HINT}; Bus(interface='slcan') needs none",
            )


@dataclass
class WaitForPort(Step):
    """Wait until the port is there: at boot, adapters come when they like."""

    path: str
    timeout: float

    def explain(self) -> str:
        """In words."""
        return f"wait for {self.path}"

    def commands(self, context: Context) -> list[str]:
        """For sh."""
        if context.machine.wait_for_device(self.path, 0):
            return []
        there = f"timeout {self.timeout:g} sh -c"
        return [f"{there} {quote(f'until [ -c {quote(self.path)} ]; do sleep 0.1; done')}"]

    def run(self, context: Context) -> None:
        """Do it."""
        if not context.machine.wait_for_device(self.path, self.timeout):
            raise CanChannelNotFoundError(
                f"there was no serial port {self.path} within {self.timeout:g} s",
                errno.ENOENT,
                hint="is the adapter plugged in? `sudo dmesg | tail` shows it come",
            )


@dataclass
class AskAdapter(Step):
    """Ask the adapter whether it works: neither slcand nor the kernel would notice.

    One that is not to be asked is only looked at: slcand takes a port that somebody has, too.
    """

    care: Care

    def explain(self) -> str:
        """In words."""
        port, question = self.care.port, self.care.question
        where = f"the adapter at {port.path if port else ''}"
        if question is None:
            return f"see whether {where} is free"
        return f"ask {where} whether it takes {question.bitrate} bit/s"

    def commands(self, context: Context) -> list[str]:
        """For sh: no command does that."""
        return []

    def is_done(self, context: Context) -> bool:
        """Whether there is nothing to do; one that slcand has is asked by the keeper, later."""
        keeper = _own_keeper(self.care)
        return keeper is not None and keeper.daemon is not None

    def run(self, context: Context) -> None:
        """Do it."""
        keepers.clear_stale()  # slcand of a keeper that was killed may just be about to end
        port = self.care.port.find() if self.care.port else None
        if port is None:
            return
        try:
            if self.care.question is not None:
                ask_adapter(port, self.care.question)
            elif users_of(port):
                raise busy_error(port, port)
        except CanError as exc:
            _refuse_twin(port, self.care.what, context.machine, exc)
            raise


def _refuse_twin(port: str, what: str, machine: Machine, failure: CanError) -> None:
    """Another canbus that is bringing the same port up is not to be killed for that."""
    for pid, _ in users_of(port):
        if _brings_up(pid, machine) or _brings_up(machine.parent_of(pid), machine):
            raise _twin_error(pid, what) from failure


def _brings_up(pid: int | None, machine: Machine) -> bool:
    """Whether it is `canbus up`, or a keeper: slcand's parent."""
    words = set() if pid is None else set(machine.command_of(pid))
    return "canbus.bringup.keeper" in words or {"up", "serial"} <= words


@dataclass
class StartKeeper(Step):
    """Start slcand under a keeper, in place of one that keeps the link otherwise.

    Attributes:
        care: what it looks after.
        options: slcand's.
        is_asked: the adapter has just been asked.
        is_named: the link shall have that name and no other.
    """

    care: Care
    options: list[str]
    is_asked: bool
    is_named: bool

    def explain(self) -> str:
        """In words."""
        return f"start slcand for {self.care.key}, and somebody who keeps it running"

    def commands(self, context: Context) -> list[str]:
        """For sh."""
        if is_kept(self.care, context):
            return []
        port = self.care.port.path if self.care.port else ""
        stop = [f"canbus down {self.care.key}"] if _own_keeper(self.care) else []
        return [*stop, join(["slcand", *self.options, port, self.care.key])]

    def run(self, context: Context) -> Undo:
        """Do it."""
        before = _own_keeper(self.care)
        try:
            return take_place(before, lambda: self._start(context, is_new=before is None))
        except DaemonEndedError as exc:
            raise _explained(exc, self.care) from exc

    def _start(self, context: Context, *, is_new: bool) -> keepers.Keeper:
        """Under another name if that was taken meanwhile, by another canbus as a rule."""
        care = self.care
        if care.port is not None and care.port.usb_id is None:  # it may have come just now
            care = replace(care, port=identify(care.port.path))
        while True:
            try:
                keeper = keepers.start(
                    care,
                    is_asked=self.is_asked and is_new,
                    foreground=bool(care.facts.get(FOREGROUND)),
                )
            except CanLinkError:
                if is_new:
                    refuse_coming(care)
                name = care.key if self.is_named or not is_new else free_name(context.machine)
                if name == care.key:
                    raise
                care = care.renamed(name)
            else:
                context.link = care.key
                return keeper


def _explained(exc: DaemonEndedError, care: Care) -> CanError:
    """What slcand says, in words that help."""
    port = care.port.path if care.port else ""
    if "TIOCSETD: Operation not permitted" in exc.output:
        return CanLinkPermissionError(
            f"slcand may not make {care.key} of {port}: that needs CAP_NET_ADMIN, of the machine "
            "itself and not of a container's user namespace",
            errno.EPERM,
            hint=ROOT_HINT,
        )
    if "TIOCSETD: Invalid argument" in exc.output:
        return CanLinkError(
            f"slcand cannot make {care.key} of {port}: the kernel has no slcan driver",
            errno.EINVAL,
            hint="sudo modprobe slcan",
        )
    if "Device or resource busy" in exc.output:
        return busy_error(port, port)
    return exc


@dataclass
class SetUp(Configure):
    """Set the link up as wanted: the keeper has done that, unless somebody changed it since."""

    care: Care | None = None

    def before(self, context: Context) -> LinkInfo | None:
        """The link as this step will find it; None if slcand is started anew until then."""
        is_old = self.care is not None and is_kept(self.care, context)
        return context.find() if is_old else None
