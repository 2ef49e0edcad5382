"""Which errors say that a channel is lost, so that opening it anew may help."""

from __future__ import annotations

from canbus.errors import (
    CanChannelNotFoundError,
    CanError,
    CanLinkDownError,
    CanOperationError,
)


def is_loss(error: CanError) -> bool:
    """Whether what reading raised means that nothing can be read any more.

    A plain CanOperationError does: "the channel failed", of a backend that has no better name.
    """
    return refuses(error) or type(error) is CanOperationError


def refuses(error: CanError) -> bool:
    """Whether sending met a channel that is down or gone. No plain CanOperationError does."""
    return isinstance(error, CanLinkDownError | CanChannelNotFoundError)
