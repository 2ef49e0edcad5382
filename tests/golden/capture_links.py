"""Prints, as "name hex", what a real kernel answers about links; the golden file is links.txt.

In the QEMU guest with two kvaser_pci cards (see the Makefile), as root:
.venv/bin/python -m tests.golden.capture_links > tests/golden/links.txt
(a little-endian machine). The bytes are asked for without any codec of ours.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import subprocess
import termios

from canbus.testing.usb import emulate

N_SLCAN = 17  # <linux/tty.h>
IFNAME, REQUEST, DUMP, GETLINK, DONE = 3, 1, 0x300, 18, 3


def show(name: str, data: bytes) -> None:
    print(name, data.hex(), flush=True)


def ip(words: str) -> None:
    subprocess.run(["ip", *words.split()], check=True)


class Kernel:
    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)

    def _ask(self, flags: int, attributes: bytes = b"", index: int = 0) -> None:
        body = struct.pack("=BxHiII", 0, 0, index, 0, 0) + attributes
        self.socket.send(struct.pack("=IHHII", 16 + len(body), GETLINK, flags, 1, 0) + body)

    def show_link(self, tag: str, name: str) -> None:
        text = name.encode() + b"\0"
        attribute = struct.pack("=HH", 4 + len(text), IFNAME) + text + bytes(-len(text) % 4)
        self._ask(REQUEST, attribute)
        show(tag, self.socket.recv(65536))

    def show_missing_index(self) -> None:
        self._ask(REQUEST, index=9999)
        show("missing_index", self.socket.recv(65536))

    def show_dump(self) -> None:
        self._ask(REQUEST | DUMP)
        for number in range(100):
            data = self.socket.recv(65536)
            show(f"dump_{number}", data)
            if data[4] == DONE:
                return


def virtual(kernel: Kernel) -> None:
    ip("link add vcan3 type vcan")
    subprocess.run(["ip", "link", "set", "vcan3", "alias", "the alias"], check=True)
    ip("link set vcan3 txqueuelen 100 up")
    ip("link add vxa type vxcan peer name vxb")
    ip("link set vxa mtu 72 up")
    kernel.show_link("vcan", "vcan3")
    kernel.show_link("vxcan", "vxa")
    kernel.show_link("vxcan_down", "vxb")
    kernel.show_link("lo", "lo")
    kernel.show_link("missing_name", "nosuch0")
    kernel.show_missing_index()
    ip("netns add far")
    ip("link set vxb netns far")
    kernel.show_link("vxcan_far", "vxa")


def cards(kernel: Kernel) -> None:
    subprocess.run(["modprobe", "kvaser_pci"], check=True)
    kernel.show_link("kvaser_pci_fresh", "can0")
    modes = "berr-reporting on triple-sampling on"
    ip(f"link set can1 up type can bitrate 500000 restart-ms 100 {modes}")
    kernel.show_link("kvaser_pci", "can1")


def adapters(kernel: Kernel) -> None:
    with emulate("gs_usb", channels=2) as gs_usb:
        one, other = gs_usb.netdevs
        ip(f"link set {one} type can termination 120")
        timing = "bitrate 500000 sample-point 0.8 dbitrate 2000000"
        ip(f"link set {one} up type can {timing} fd on one-shot on")
        kernel.show_link("gs_usb_fd", one)
        kernel.show_link("gs_usb_fresh", other)
    with emulate("pcan_usb") as pcan_usb:
        (name,) = pcan_usb.netdevs
        ip(f"link set {name} up type can bitrate 125000")
        with socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW) as bus:
            bus.setsockopt(101, 2, 0x1FFFFFFF)  # SOL_CAN_RAW, CAN_RAW_ERR_FILTER
            bus.bind((name,))
            pcan_usb.error_counters(100, 7)
            bus.recv(16)
            kernel.show_link("pcan_usb_warning", name)
            pcan_usb.bus_off()
            bus.recv(16)
            kernel.show_link("pcan_usb_bus_off", name)
        kernel.show_dump()


def serial(kernel: Kernel) -> None:
    subprocess.run(["modprobe", "slcan"], check=True)
    before = {name for _, name in socket.if_nameindex()}
    _, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSETD, struct.pack("i", N_SLCAN))
    (name,) = {name for _, name in socket.if_nameindex()} - before
    kernel.show_link("slcan_fresh", name)
    ip(f"link set {name} up")
    kernel.show_link("slcan", name)


if __name__ == "__main__":
    kernel = Kernel()
    for part in (virtual, cards, adapters, serial):
        part(kernel)
