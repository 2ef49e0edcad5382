"""AdapterBus: what the user of an slcan bus can ask of his adapter, or tell it.

The names are python-can's where it has one. Frames are bus.py's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from canbus.backends.slcan.bit_rate import BitRate
from canbus.backends.slcan.dialects import Dialect
from canbus.backends.slcan.identify import version_numbers
from canbus.backends.slcan.session import Session
from canbus.plugin import CanClosedError, CanConfigError, CanState
from canbus.prefetch import PrefetchingBus

_FOR_EVER = float("inf")


class AdapterBus(PrefetchingBus):
    """The half of SlcanBus that is about the adapter."""

    _session: Session

    @property
    def dialect(self) -> Dialect:
        """What the adapter understands, as it was told or as it says."""
        return self._session.adapter.dialect

    @property
    def version(self) -> str:
        """What the adapter answered to `V` when it was opened; "" if it did not."""
        return self._session.adapter.version

    @property
    def can_state(self) -> CanState | None:
        """The controller's state: asked now where the adapter has status flags (`F`).

        Others report changes by themselves, or never: then the last one, or None.
        """
        if not self._is_shutdown:
            with self._talking():
                self._session.line.check()
                self._session.ask_status()
        return self._session.state

    def get_version(self, timeout: float | None) -> tuple[int | None, int | None]:
        """Ask for the version numbers.

        Args:
            timeout: seconds to wait; None waits as long as it takes.

        Returns:
            Those of hardware and software; None where the adapter answers in another form
            (`version` has its text), or not in time.
        """
        return version_numbers(self._question("V", timeout))

    def get_serial_number(self, timeout: float | None) -> str | None:
        """Ask for the serial number, without its `N`; None if it does not come in time.

        Args:
            timeout: seconds to wait; None waits as long as it takes.
        """
        return self._question("N", timeout)[1:] or None

    def _question(self, word: str, timeout: float | None) -> str:
        self._check_open()
        with self._talking():
            return self._session.ask(word, _FOR_EVER if timeout is None else timeout)

    def set_bitrate(self, bitrate: int, data_bitrate: int | None = None) -> None:
        """Close the channel, set the bitrate and open it again.

        Args:
            bitrate: bit/s.
            data_bitrate: bit/s of the CAN FD data phase.

        Raises:
            CanError: as the constructor.
        """
        self._set_rate(BitRate(bitrate, data_bitrate))

    def set_bitrate_reg(self, btr: str) -> None:
        """Close the channel, set the bit timing registers (hex digits) and open it again."""
        self._set_rate(BitRate(btr=btr))

    def _set_rate(self, rate: BitRate) -> None:
        self._check_open()
        request = self._session.request
        if rate.data_bitrate is None:
            rate.data_bitrate = request.rate.data_bitrate
        elif not request.fd:
            raise CanConfigError(
                f"{self.channel_info}: a data bitrate is for CAN FD", hint="open it with fd=True"
            )
        with self._talking():
            self._session.open(request._replace(rate=rate))

    def open(self) -> None:
        """Open the adapter's channel again, after `close`; the constructor has opened it."""
        self._check_open()
        with self._talking():
            self._session.open()

    def close(self) -> None:
        """Close the adapter's channel; `open` opens it again. The port stays ours."""
        self._check_open()
        with self._talking():
            self._session.close()

    def restart(self) -> None:
        """Close and open the adapter's channel, which ends a bus-off."""
        self.open()

    @contextmanager
    def _talking(self) -> Iterator[None]:
        """A wait that ends because the bus was shut down ends as every other."""
        try:
            yield
        except CanClosedError:
            raise self._closed() from None
