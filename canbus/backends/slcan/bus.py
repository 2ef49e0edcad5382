"""SlcanBus: a serial adapter as a bus. This file joins the parts; each has a file of its own.

There is no thread: who receives reads the port, and so does who waits for an answer. What
either reads for the other lies in the line, and the descriptor tells of it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

from canbus.arguments import check_number, one_of
from canbus.backends.slcan.adapter_bus import AdapterBus
from canbus.backends.slcan.bit_rate import BitRate
from canbus.backends.slcan.channel import parse_channel
from canbus.backends.slcan.options import AUTO, TIMESTAMPING, dialect_named
from canbus.backends.slcan.port import open_port
from canbus.backends.slcan.request import HANDSHAKES, Request
from canbus.backends.slcan.session import Session
from canbus.plugin import (
    POLLIN,
    POLLOUT,
    BusState,
    BusStatistics,
    CanClosedError,
    CanConfigError,
    CanFilter,
    CanProtocol,
    Filters,
    Message,
    SendReceipt,
    Waiter,
    normalise,
)
from canbus.warn import warn


class SlcanBus(AdapterBus):
    """A bus on a serial adapter that speaks LAWICEL's language.

    Args:
        channel: the serial port ("/dev/ttyACM0"), with its speed if need be
            ("/dev/ttyUSB0@1000000"), or a URL of pyserial ("socket://host:port").
        can_filters: which frames to receive; also applied by the adapter where it does that
            exactly (CANable 2.5).
        tty_baudrate: bit/s of the serial line; USB adapters ignore it.
        bitrate: bit/s on the bus; None leaves it as the adapter has it.
        data_bitrate: bit/s of the CAN FD data phase; asks for `fd`.
        timing: an object with `btr0`, `btr1` and `f_clock` (8 MHz), or with `nom_bitrate` and
            `data_bitrate`, as python-can's; instead of the bitrates.
        btr: the adapter's bit timing registers as hex digits, instead of the bitrate.
        bitrate_code: the adapter's own command, not looked up ("S6"), instead of the bitrate.
        fd: send and receive CAN FD frames; needs `data_bitrate`.
        dialect: what kind of adapter it is; "auto" asks it.
        handshake: "auto": something must be answered, and what once was must be from then on;
            "require": every command must be; "off": nothing is waited for.
        listen_only: never send, not even acknowledgements; `state=BusState.PASSIVE` is the same.
        loopback: receive what this bus sends; the wire is not used.
        state: ACTIVE or PASSIVE.
        timestamping: "host": when a frame was read here; "adapter": when the adapter got it.
        window: frames that may wait for the adapter's answer; 1: each `send` waits for its
            own. 0: it does not answer frames. By default as its dialect has it.
        rtscts: hardware flow control.
        exclusive: let no other program open the port.
        sleep_after_open: seconds to wait before the first command, for boards that restart
            when their port is opened.
        timeout: accepted for python-can; has no effect.
        ttyBaudrate: deprecated name of `tty_baudrate`.

    Raises:
        CanChannelNotFoundError: there is no such port.
        CanPermissionError: this user may not open it.
        CanConfigError: an argument makes no sense, or the dialect has no such bitrate.
        CanUnsupportedError: the dialect cannot do what was asked for.
        CanInitializationError: somebody else has the port, nothing answers, or the adapter
            refuses a command; it says which.
    """

    def __init__(
        self,
        channel: Any,
        can_filters: Filters | None = None,
        tty_baudrate: int | None = None,
        bitrate: int | None = None,
        data_bitrate: int | None = None,
        timing: Any = None,
        btr: str | None = None,
        bitrate_code: str | None = None,
        fd: bool = False,
        dialect: str = AUTO,
        handshake: str = "auto",
        listen_only: bool = False,
        loopback: bool = False,
        state: BusState = BusState.ACTIVE,
        timestamping: str = "host",
        window: int | None = None,
        rtscts: bool = False,
        exclusive: bool = True,
        sleep_after_open: float = 0.0,
        timeout: float | None = None,
        ttyBaudrate: int | None = None,  # noqa: N803 - python-can's name
    ) -> None:
        url, baudrate = parse_channel(channel, _one_baudrate(tty_baudrate, ttyBaudrate))
        self.channel_info = f"slcan {channel}"
        _check(window, sleep_after_open, timeout, state)
        if loopback and (listen_only or state is BusState.PASSIVE):
            raise CanConfigError("loopback and listen-only contradict each other")
        rate = BitRate(bitrate, data_bitrate, btr, bitrate_code, timing)
        fd = fd or rate.data_bitrate is not None
        request = Request(
            dialect=dialect_named(dialect),
            handshake=one_of("handshake", handshake, HANDSHAKES),
            rate=rate,
            fd=fd,
            listen_only=listen_only or state is BusState.PASSIVE,
            loopback=loopback,
            stamps=one_of("timestamping", timestamping, TIMESTAMPING) == "adapter",
            filters=normalise(can_filters),
        )
        self._told: set[str] = set()
        self._port = open_port(url, baudrate, rtscts=rtscts, exclusive=exclusive)
        release = self._port.close
        try:
            self._waiter = Waiter(self._port.fileno(), self._port.close)
            release = self._waiter.close
            self._session = self._make_session(channel, request, window, sleep_after_open)
            self._session.prepare()
            self._session.open()
        except BaseException:
            if hasattr(self, "_session"):
                self._session.say_farewell()
            release()
            raise
        self._line = self._session.line
        protocol = CanProtocol.CAN_FD if fd else CanProtocol.CAN_20
        self.channel_info = f"slcan {channel} ({self.dialect.name})"
        is_filtered = self._session.filter_command is not None
        super().__init__(channel, can_filters, protocol=protocol, already_filtered=is_filtered)
        self._session.talk.is_over = weakly(self, SlcanBus._is_over, gone=True)
        self._session.talk.after_reading = weakly(self, SlcanBus._somebody_has_read)

    def _make_session(
        self, channel: Any, request: Request, window: int | None, sleep_after_open: float
    ) -> Session:
        return Session(
            self._port,
            channel,
            self.channel_info,
            request,
            window,
            sleep_after_open,
            self._read_lock,
            self._waiter,
            weakly(self, SlcanBus._before_lose),
        )

    def _before_lose(self) -> None:
        if self._descriptor is not None:
            self._descriptor.forget()

    # -- receiving --------------------------------------------------------------------

    def _read_batch(self, limit: int) -> Message | list[Message]:
        line = self._line
        if not line.has_frames:
            if self._is_shutdown:
                raise self._closed()
            line.pump()
        if line.malformed or line.answers.unasked_refusals or line.dropped:
            self._warn_once()  # before a frame is taken: the warning may be an error
        batch = line.take(limit)
        if self._descriptor is not None:
            self._show_leftovers()  # one read brings more than one frame
        return batch

    def _nothing_read(self) -> None:
        self._line.tell_receiver()
        super()._nothing_read()

    def _is_worth_a_look(self) -> bool:
        return super()._is_worth_a_look() or self._line.trouble is not None or self._is_shutdown

    def _has_unread(self) -> bool:
        return super()._has_unread() or self._line.has_frames or self._line.is_trouble_untold

    def _after_reading(self) -> None:
        if self._line.has_news:  # who waits for an answer does not see that we have read it
            self._line.has_news = False
            self._waiter.kick()
        super()._after_reading()

    def _warn_once(self) -> None:
        bad = self._line.first_malformed
        if bad is not None and "malformed" not in self._told:
            self._told.add("malformed")
            warn(
                f"{self.channel_info}: what came is no line of an adapter: {bad.line[:40]!r} "
                f"({bad.reason}); further ones are only counted (statistics.rx_malformed)"
            )
        if self._line.answers.unasked_refusals and "refused" not in self._told:
            self._told.add("refused")
            warn(
                f"{self.channel_info}: the adapter refused something, and nothing tells what, as "
                "its answers are not awaited; further ones are only counted (statistics.tx_refused)"
            )

        if self._line.dropped and "dropped" not in self._told:
            self._told.add("dropped")
            warn(
                f"{self.channel_info}: {self._line.dropped} frames were lost, as nobody received "
                "the ones before them; further ones are only counted (statistics.rx_dropped)"
            )

    def _somebody_has_read(self) -> None:
        """Who waited for an answer has read, maybe frames."""
        with self._read_lock:
            self._show_leftovers()
        self._after_reading()

    def set_filters(self, filters: Filters | None = None) -> None:
        """See BusABC. An adapter that filters itself is closed and opened for that."""
        self._check_open()
        wanted = normalise(filters)
        with self._talking():  # not within the lock: others receive meanwhile
            self._session.set_filters(wanted)
        super().set_filters(filters)

    def _before_dispatch(self) -> None:
        """An adapter that filters is told to let everything pass, once.

        To follow the consumers its channel would have to be closed and opened each time.
        """
        if not self._is_shutdown and self._session.filter_command is not None:
            with self._talking():
                self._session.set_filters(None)

    def _install_union(self, filters: Sequence[CanFilter] | None) -> None:
        """Everything passes."""

    def _install_filters(self, filters: Sequence[CanFilter] | None) -> bool:
        return self._session.filter_command is not None

    def _awaited_events(self) -> int:
        return POLLIN if self._line.is_all_sent else POLLIN | POLLOUT

    def fileno(self) -> int:
        """An epoll descriptor, readable whenever a frame waits, or the port is gone."""
        if self._is_shutdown:
            raise self._closed()
        return self._hand_out(self._port.fileno())

    def flush(self) -> None:
        """Throw away the frames that came until now, as python-can's `flush` does."""
        while self.recv_many(64, 0):
            pass

    # -- sending ----------------------------------------------------------------------

    def _send_frame(self, msg: Message, timeout: float | None) -> None:
        try:  # as _talking(), which costs more than the rest of this
            self._session.sender.send(msg, timeout)
        except CanClosedError:
            raise self._closed() from None

    def _send_frames(self, frames: Sequence[Message], timeout: float | None) -> None:
        with self._talking():
            self._session.sender.send_many(frames, timeout)

    def _send_waits(self, *, many: bool) -> bool:
        window = self._session.sender.window
        return window > 0 if many else window == 1

    def _send_confirmed(self, msg: Message, timeout: float | None) -> SendReceipt:
        with self._talking():
            return self._session.sender.confirm(msg, timeout)

    # -- lifetime -----------------------------------------------------------------------

    def _read_statistics(self) -> BusStatistics:
        line = self._line
        return BusStatistics(
            line.dropped,
            rx_malformed=line.malformed,
            tx_refused=line.answers.refused + line.answers.unasked_refusals,
            tx_unanswered=line.answers.lost,
        )

    def reopen(self) -> None:
        """Open the port anew, after the adapter was unplugged and came back.

        Filters and options stay, and so does `fileno()`. Frames that were read are kept.

        Raises:
            CanChannelNotFoundError: it is not back yet; try again.
            CanError: as the constructor.
        """
        self._check_open()
        with self._talking():
            self._session.reopen(self._renew_descriptor)

    def _renew_descriptor(self) -> None:
        if self._descriptor is not None:
            self._descriptor.renew()

    def _is_over(self) -> bool:
        return self._is_shutdown

    def _close(self) -> None:
        left = ""
        try:
            self._waiter.kick()
            if not self._waiter.is_inherited:
                left = self._session.say_farewell()
        finally:
            super()._close()
        if not self._waiter.is_inherited:
            self._tell_what_failed(left)

    def _tell_what_failed(self, left: str) -> None:
        answers = self._line.answers
        answers.forget_all()
        what = [left] if left else []
        if answers.untold:
            what.append(
                f"{answers.untold} frames were refused or not answered, of which no call has told "
                "(window=1 tells of each at its own call)"
            )
        if what:
            warn(f"{self.channel_info}: {'; '.join(what)}")


def weakly(
    bus: SlcanBus, method: Callable[[SlcanBus], Any], *, gone: Any = None
) -> Callable[[], Any]:
    """A method of the bus that does not keep it: one that is forgotten is to be noticed at once."""
    reference = weakref.ref(bus)

    def call() -> Any:
        bus = reference()
        return gone if bus is None else method(bus)

    return call


def _one_baudrate(tty_baudrate: int | None, old: int | None) -> int | None:
    if old is None:
        return tty_baudrate
    warn("ttyBaudrate= is deprecated, use tty_baudrate=", DeprecationWarning)
    if tty_baudrate not in {None, old}:
        raise CanConfigError(
            f"ttyBaudrate={old} contradicts tty_baudrate={tty_baudrate}", hint="give tty_baudrate="
        )
    return old


def _check(
    window: int | None, sleep_after_open: float, timeout: float | None, state: BusState
) -> None:
    if window is not None:
        check_number("window", window, 0, None, "1: each send waits for its own answer; 0: none")
    if not 0 <= sleep_after_open < float("inf"):
        raise CanConfigError(f"sleep_after_open={sleep_after_open} is no time to wait")
    if timeout is not None:
        warn(f"timeout={timeout} has no effect: nothing is polled")
    if state is BusState.ERROR:
        raise CanConfigError("state=ERROR cannot be asked for", hint="ACTIVE or PASSIVE")
