"""The conformance suite on the backend `socketcan`, over a fresh vcan link for each test."""

from __future__ import annotations

from tests.kernel.socketcan_conformance import SocketcanConformance


class TestSocketcan(SocketcanConformance):
    """The suite as it is."""
