"""SocketcanBus: a CAN socket as a bus. This file joins the parts; each has a file of its own.

One system call for a frame that waits, or for many, and one for a frame that is sent; poll()
only when there is nothing to read or no room to write, and never after a deadline.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Sequence

from canbus.arguments import one_of
from canbus.backends.socketcan import constants as c
from canbus.backends.socketcan.arrivals import Arrivals
from canbus.backends.socketcan.channels import Channels
from canbus.backends.socketcan.confirmed import ConfirmedSending
from canbus.backends.socketcan.link_watch import LINK_ERRORS, LinkWatch
from canbus.backends.socketcan.option_checks import check_options
from canbus.backends.socketcan.options import ON_LOSS, TIMESTAMPING, error_classes
from canbus.backends.socketcan.os_errors import channel_name, open_error, receive_error
from canbus.backends.socketcan.raw_socket import (
    RawSocket,
    SocketOptions,
    install_filters,
    join_filters,
    open_raw_socket,
    pass_all_vcids,
)
from canbus.backends.socketcan.transmitter import Transmitter
from canbus.backends.socketcan.transport import make_reader
from canbus.backends.socketcan.watching import SocketcanWatching
from canbus.codecs.can_filter import MAX_FILTERS
from canbus.filters import Matcher, matcher
from canbus.links.addressing import name_for
from canbus.place import HERE, Place
from canbus.plugin import (
    BusStatistics,
    CanError,
    CanFilter,
    CanProtocol,
    Filters,
    Message,
    Waiter,
    normalise,
)


class SocketcanBus(SocketcanWatching):
    """A bus on a CAN network interface of the Linux kernel.

    Args:
        channel: name of the interface ("can0"), or what it is: "usb:SERIAL", "usb:SERIAL/1" for the
            second channel of that adapter, "path:1-1.4:1.0", "path:spi0.0". "" opens all, and
            `msg.channel` says where a frame came from, or shall go.
        can_filters: which frames the kernel delivers; in force before the first frame.
        receive_own_messages: also receive what this bus sends.
        local_loopback: other programs of this machine see what this bus sends.
        fd: send and receive CAN FD frames.
        ignore_rx_error_frames: do not receive the controller's error frames.
        error_mask: classes of error frames to receive (`ErrorClass`); None for all.
        join_filters: a frame must match all filters, rather than any. With more than one the
            kernel delivers no error frames (net/can/raw.c, raw_rcv).
        xl: send and receive CAN XL frames (kernel 6.1), and CAN FD ones.
        vcid: with xl, the virtual network to use (kernel 6.12); None for all.
        timestamping: "software" or "hardware": the device's time stamps.
        on_loss: what to do where frames were lost: "warn" the first time, "raise" each time
            between the right two frames, or only "count". `msg.lost_before` has the number.
        rcvbuf: bytes of the receive buffer; by default as much as is granted without rights.
        sndbuf: bytes of the send buffer; by default the system's.
        priority: of sent frames, for queueing disciplines (SO_PRIORITY).
        mark: of sent frames, for the kernel's filters (SO_MARK).
        configure: set the link up as the settings below say, and bring it up (CAP_NET_ADMIN);
            otherwise they are compared with how it is set up.
        bitrate: bit/s.
        sample_point: percent of a bit.
        data_bitrate: bit/s of the FD data phase.
        data_sample_point: percent of a bit.
        timing: a BitTiming or BitTimingFd, instead of these four.
        listen_only: the controller never sends, and acknowledges nothing.
        restart_ms: milliseconds from bus-off to the automatic restart; 0 for never.
        netns: the network namespace where the interface is: a name (`ip netns`), a path, or the
            pid of a process in it; by default the one of the calling thread. It is held open,
            and needs CAP_SYS_ADMIN whenever something is opened in it.

    Raises:
        CanKernelSupportError: the kernel has no CAN, or not this kind.
        CanChannelNotFoundError: there is no such CAN interface.
        CanConfigError: an argument makes no sense, or the link is set up otherwise.
        CanUnsupportedError: the device cannot do what was asked for.
        CanPermissionError: what was asked for needs a right.
        CanInitializationError: the kernel refuses what was asked for; it says what.
    """

    _kick_due: bool = False

    def __init__(
        self,
        channel: str = "",
        can_filters: Filters | None = None,
        receive_own_messages: bool = False,
        local_loopback: bool = True,
        fd: bool = False,
        ignore_rx_error_frames: bool = False,
        error_mask: int | None = None,
        join_filters: bool = False,
        xl: bool = False,
        vcid: int | None = None,
        timestamping: str = "software",
        on_loss: str = "warn",
        rcvbuf: int | None = None,
        sndbuf: int | None = None,
        priority: int | None = None,
        mark: int | None = None,
        configure: bool = False,
        bitrate: int | None = None,
        sample_point: float | None = None,
        data_bitrate: int | None = None,
        data_sample_point: float | None = None,
        timing: object = None,
        listen_only: bool | None = None,
        restart_ms: int | None = None,
        netns: str | int | None = None,
    ) -> None:
        channel = channel_name(name_for(channel) if ":" in str(channel) else channel)
        self._place = _place_of(netns)
        self._channels = Channels(channel, self._place)
        self.channel_info = f"socketcan {self._channels.shown}"
        with self._opening():
            self._options = SocketOptions(
                filters=normalise(can_filters),
                join_filters=join_filters,
                receive_own_messages=receive_own_messages,
                local_loopback=local_loopback,
                fd=fd,
                xl=xl,
                vcid=vcid,
                error_mask=error_classes(channel, error_mask, ignore_rx_error_frames),
                hardware_stamps=one_of("timestamping", timestamping, TIMESTAMPING) == "hardware",
                rcvbuf=rcvbuf,
                sndbuf=sndbuf,
                priority=priority,
                mark=mark,
            )
            check_options(channel, self._options)
            self._raise_on_loss = one_of("on_loss", on_loss, ON_LOSS) == "raise"
            self._loss_told = on_loss != "warn"
            self._lost_before_reopen = 0
            self._senders, self._receivers, self._watched = {}, {}, {}
            _see_to_the_link(
                channel,
                configure,
                timing,
                fd=fd,
                bitrate=bitrate,
                sample_point=sample_point,
                data_bitrate=data_bitrate,
                data_sample_point=data_sample_point,
                listen_only=listen_only,
                restart_ms=restart_ms,
            )
            self._socket = open_raw_socket(channel, self._options)
            try:
                self._set_up()
                super().__init__(
                    channel,
                    self._options.filters,
                    protocol=_protocol(fd, xl),
                    already_filtered=len(self._options.filters or ()) <= MAX_FILTERS,
                )
            except BaseException as exc:
                self._socket.close()
                if isinstance(exc, OSError) and not isinstance(exc, CanError):
                    raise open_error(exc, self._channels.shown) from exc
                raise

    def _set_up(self) -> None:
        """Everything around the open socket."""
        options = self._options
        self._carries_vcid = options.xl and (
            options.vcid is not None or pass_all_vcids(self._socket)
        )
        self._link = LinkWatch(self._channels.fixed or "", self._place)
        self._arrivals = Arrivals()
        self._read_batch = make_reader(
            self._socket,
            self._channels,
            self._arrivals,
            self._reading_failed,
            fd=options.fd,
            xl=options.xl,
        )
        self._waiter = Waiter(self._socket.fileno(), self._release)
        self._transmitter = Transmitter(
            self._socket, self._channels, self._waiter, self._sending_failed, self._state_or_none
        )
        self._write = self._socket.send if self._channels.fixed else None
        self._write_lock = self._transmitter.lock
        self._confirmed = ConfirmedSending(
            self._channels.shown,
            self._place,
            self._open_watch,
            self._transmitter.put,
            self._in_queue,
            lambda until_ns: self._waiter.wait(0, until_ns),
        )

    # -- receiving --------------------------------------------------------------------

    def _reading_failed(self, code: int) -> None:
        """The kernel refused to receive: remember it if it is about the link, else raise."""
        if self._is_shutdown:
            raise self._closed()
        if code not in LINK_ERRORS or self._channels.fixed is None:
            raise receive_error(code, self._channels.shown)
        self._link.note(code, is_news=True)
        self._troubles += code == errno.ENETDOWN  # which may happen again before a frame comes
        self._kick_due = True
        self._show_leftovers()

    def _after_reading(self) -> None:
        if self._kick_due:  # the kernel told one reader, and the others wait on
            self._kick_due = False
            self._waiter.kick()
        super()._after_reading()

    def _has_unread(self) -> bool:
        return super()._has_unread() or self._link.is_untold

    def _is_worth_a_look(self) -> bool:
        return super()._is_worth_a_look() or self._link.is_troubled

    def _nothing_read(self) -> None:
        trouble = self._link.trouble()
        if trouble is not None:
            raise trouble
        super()._nothing_read()

    def fileno(self) -> int:
        """An epoll descriptor, readable whenever a frame waits, or news of the link.

        Nothing is read ahead from now on, so that none hides from it.
        """
        if self._is_shutdown:
            raise self._closed()
        return self._hand_out(self._socket.fileno())

    @property
    def socket(self) -> socket.socket:
        """The socket itself. Nothing is read ahead from now on."""
        if not self._is_shutdown:
            self._hand_out(self._socket.fileno())
        return self._socket

    def _install_filters(self, filters: Sequence[CanFilter] | None) -> bool:
        joined = self._options.join_filters
        shown = self._channels.shown
        try:
            if joined:  # any of the old or the new while they are changed, lest one is lost
                join_filters(self._socket, False, shown)
            try:
                exact = install_filters(self._socket, filters, shown)
            finally:
                if joined:
                    join_filters(self._socket, True, shown)
        except CanError:
            if self._is_shutdown:
                raise self._closed() from None
            raise
        self._options = self._options._replace(filters=filters)
        return exact

    def _install_union(self, filters: Sequence[CanFilter] | None) -> None:
        # With join_filters the kernel knows no union.
        self._install_filters(None if self._options.join_filters else filters)

    def _make_matcher(self, filters: Sequence[CanFilter] | None) -> Matcher | None:
        by_id = matcher(filters, joined=self._options.join_filters)
        classes = self._options.error_mask
        if classes == c.CAN_ERR_MASK:
            return by_id

        def passes(msg: Message) -> bool:
            if msg.is_error_frame:  # as the kernel (net/can/af_can.c, can_rcv_filter)
                return msg.arbitration_id & classes != 0
            return by_id is None or by_id(msg)

        return passes

    def set_error_mask(self, error_mask: int) -> None:
        """Choose the classes of error frames that are delivered from now on (`ErrorClass`).

        Those that wait already and are of no such class do not come out any more.

        Raises:
            CanConfigError: a ValueError; no such classes.
        """
        mask = error_classes(self._channels.shown, error_mask, False)
        with self._read_lock, self._asking("set the classes of error frames of"):
            self._check_open()
            self._socket.setsockopt(c.SOL_CAN_RAW, c.CAN_RAW_ERR_FILTER, mask)
            self._options = self._options._replace(error_mask=mask)
            self.set_filters(self._filters)  # looks at what waits

    # -- state and lifetime -----------------------------------------------------------

    def _losses(self) -> int:
        with self._asking("count on"):
            sizes = self._socket.getsockopt(c.SOL_SOCKET, c.SO_MEMINFO, 4 * c.SK_MEMINFO_VARS)
        drops = struct.unpack(f"={c.SK_MEMINFO_VARS}I", sizes)[c.SK_MEMINFO_DROPS]
        return int(self._lost_before_reopen + drops + self._arrivals.damaged)

    def _read_statistics(self) -> BusStatistics:
        self._confirmed.look()
        return BusStatistics(self._losses(), self._confirmed.expired, self._confirmed.late)

    def reopen(self) -> None:
        """Open the interface anew: after it vanished and came back under the same name.

        Filters, options and `fileno()` stay; who waits on `socket` itself with epoll has to
        register it again. Frames that wait already are kept; those that pass while the
        interface is being opened are missed.

        Raises:
            CanChannelNotFoundError: it is not back yet; try again.
            CanClosedError: the bus was shut down.
        """
        # Within the locks from the start: filters may not change meanwhile, and nobody may
        # read a frame from the old socket that the new one has, too.
        with self._read_lock, self._write_lock, self._asking_inside("open anew"):
            self._check_open()
            self._read_all()
            fresh = open_raw_socket(self._channels.fixed or "", self._options)
            try:
                if self._options.xl and self._options.vcid is None:
                    pass_all_vcids(fresh)
                self._replace_socket(fresh)
            finally:
                fresh.close()
        self._look_again()
        self._waiter.kick()  # who waits does so on the old one
        self._confirmed.forget()

    def _replace_socket(self, fresh: RawSocket) -> None:
        """Put another socket under the number of ours, which is known in many places."""
        self._lost_before_reopen = self._losses()
        new, ours = fresh.fileno(), self._socket.fileno()
        if self._is_shutdown:  # by a signal handler, which may come until here
            raise self._closed()
        os.dup2(new, ours, inheritable=False)
        self._arrivals.drops = self._arrivals.damaged = 0
        self._link.renew()
        if self._descriptor is not None:
            self._descriptor.renew()

    def _close(self) -> None:
        super()._close()
        self._close_senders()
        self._close_receivers()
        self._confirmed.close()

    def _release(self) -> None:
        """Close the socket; called by the waiter when nobody waits on it any more."""
        if self._waiter.is_inherited:  # nobody may be left to give the locks back
            self._socket.close()
            return
        with self._read_lock, self._write_lock:
            self._socket.close()


def _place_of(netns: str | int | None) -> Place:
    if netns is None:
        return HERE
    from canbus.links.namespaces import place_of

    return place_of(netns)


def _protocol(fd: bool, xl: bool) -> CanProtocol:
    if xl:
        return CanProtocol.CAN_XL
    return CanProtocol.CAN_FD if fd else CanProtocol.CAN_20


def _see_to_the_link(
    channel: str, configure: bool, timing: object, *, fd: bool, **settings: object
) -> None:
    """Set the link up, or compare it, if anything is asked of it."""
    if not configure and timing is None and all(value is None for value in settings.values()):
        return
    from canbus.backends.socketcan.link_setup import check_link, configure_link, link_settings

    asked = link_settings(timing, **settings)
    if configure:
        configure_link(channel, {**asked, "fd": True} if fd else asked)
    else:
        is_fd = fd and any(name.startswith("data_") for name in asked)
        check_link(channel, {**asked, "fd": True} if is_fd else asked)
