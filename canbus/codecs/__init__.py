"""Sans-IO codecs: bytes to values and back. No socket, serial port, clock, thread or log."""
