"""The exception tree. Nothing here knows an operating system, a backend or a frame.

    CanError                                      .error_code (errno), .hint (what to do)
    ├─ CanInterfaceNotImplementedError            also NotImplementedError
    │  ├─ CanBackendNotFoundError                 also LookupError: no backend of that name
    │  └─ CanBackendLoadError                     the plugin is there, but broken or ambiguous
    ├─ CanInitializationError                     a bus could not be opened
    │  ├─ CanPermissionError                      also PermissionError
    │  └─ CanKernelSupportError                   also CanUnsupportedError and OSError
    ├─ CanOperationError                          an open bus failed
    │  ├─ CanMessageError                         also ValueError: no such frame can exist
    │  ├─ CanLinkDownError                        also OSError: ENETDOWN
    │  ├─ CanFrameRefusedError                    the adapter did not take this frame
    │  ├─ CanFramesLostError                      frames are missing here (on_loss="raise")
    │  ├─ CanTxQueueFullError                     also CanTimeoutError: no room by the deadline
    │  ├─ CanFrameExpiredError                    also CanTimeoutError: its ttl passed, not sent
    │  └─ CanClosedError                          also ValueError: used after shutdown()
    ├─ CanChannelNotFoundError                    both of the above; also OSError (ENODEV)
    ├─ CanConfigError                             both of the above; also ValueError: an option
    ├─ CanUnsupportedError                        both of the above; also NotImplementedError
    ├─ CanTimeoutError                            also TimeoutError: a send deadline passed
    ├─ CanProtocolError                           also ValueError: bytes from the peer
    └─ CanLinkError                               a network interface could not be changed
       ├─ CanLinkNotFoundError                    also LookupError
       └─ CanLinkPermissionError                  also PermissionError

The five names CanError, CanInterfaceNotImplementedError, CanInitializationError,
CanOperationError and CanTimeoutError are python-can's, with its meaning. The second base
of a leaf is what python-can lets escape in that place, so that old `except` clauses work.
A `recv()` that times out is None, not an error; error *frames* are data, not exceptions.
"""


class CanError(Exception):
    """Base of everything this library raises on purpose.

    Args:
        message: what failed, on which channel, and why.
        error_code: the errno of the operating system, where there was one.
        hint: what the user can do about it: a command or a change. Shown under the
            traceback, and by the command line on a line of its own.
    """

    sent: int = 0
    """Of `send_many`: how many frames had been sent before this happened."""

    def __init__(
        self, message: str = "", error_code: int | None = None, *, hint: str | None = None
    ) -> None:
        self.error_code = error_code
        self.hint = hint
        super().__init__(message if error_code is None else f"{message} [Error Code {error_code}]")
        if OSError in type(self).__mro__:
            object.__setattr__(self, "errno", error_code)
        if hint:
            self.add_note(f"hint: {hint}")

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), str(self), self.error_code), self.__dict__


def _restore(kind: type[CanError], text: str, error_code: int | None) -> CanError:
    """Unpickle: the text has its error code already, and OSError keeps errno to itself."""
    error = kind(text)
    if OSError in kind.__mro__:
        object.__setattr__(error, "errno", error_code)
    return error


class CanInterfaceNotImplementedError(CanError, NotImplementedError):
    """The backend asked for cannot be had."""


class CanBackendNotFoundError(CanInterfaceNotImplementedError, LookupError):
    """No backend of that name is built in or installed."""


class CanBackendLoadError(CanInterfaceNotImplementedError):
    """A plugin of that name is installed but does not load, or two claim the name."""


class CanInitializationError(CanError):
    """A bus could not be opened."""


class CanPermissionError(CanInitializationError, PermissionError):
    """The operating system refuses access to the channel."""


class CanOperationError(CanError):
    """An open bus could not do what it was asked."""


class CanMessageError(CanOperationError, ValueError):
    """A frame that cannot exist on a CAN bus, or not on this one."""


class CanLinkDownError(CanOperationError, OSError):
    """The network interface is not up (ENETDOWN)."""


class CanFrameRefusedError(CanOperationError):
    """The adapter refused a frame; `frame` is which, maybe one that was sent a little earlier."""

    frame: object = None


class CanFramesLostError(CanOperationError):
    """Frames were lost at this place in the stream; `count` says how many."""

    count: int = 0


class CanClosedError(CanOperationError, ValueError):
    """The bus was shut down, before the call or while it waited."""


class CanConfigError(CanInitializationError, CanOperationError, ValueError):
    """An option or argument is unknown, of the wrong type or value, or contradicts another."""


class CanChannelNotFoundError(CanInitializationError, CanOperationError, OSError):
    """There is no such channel on this machine, or no more, or it is not a CAN channel."""


class CanUnsupportedError(CanInitializationError, CanOperationError, NotImplementedError):
    """The backend, the adapter or the platform cannot do this at all."""


class CanKernelSupportError(CanUnsupportedError, OSError):
    """The running kernel lacks CAN or the CAN protocol asked for (EAFNOSUPPORT)."""


class CanTimeoutError(CanError, TimeoutError):
    """A deadline passed. Never raised by `recv()`, which returns None."""


class CanTxQueueFullError(CanOperationError, CanTimeoutError):
    """The transmit queue had no room by the deadline (ENOBUFS): nothing was sent."""


class CanFrameExpiredError(CanOperationError, CanTimeoutError):
    """The frame's `ttl` passed before it could be handed over: dropped, and counted."""


class CanProtocolError(CanError, ValueError):
    """The peer sent bytes that are not valid."""


class CanLinkError(CanError):
    """A CAN network interface could not be created, changed or removed."""


class CanLinkNotFoundError(CanLinkError, LookupError):
    """There is no network interface of that name."""


class CanLinkPermissionError(CanLinkError, PermissionError):
    """Changing network interfaces needs CAP_NET_ADMIN, which this process has not."""


class CanWarning(UserWarning):
    """Something was done, but perhaps not what was meant."""
