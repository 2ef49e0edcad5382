"""A bus that goes on when its adapter is unplugged, and says for how long it was away.

Give it the port of yours, and pull the cable; without one it plugs in an emulated adapter.
"""

import sys
from tempfile import TemporaryDirectory

import canbus as can
from canbus.testing.slcan import SlcanEmulator


def tell(gap: can.Gap) -> None:
    print(f"it is back, and was {gap.cause.value} for {gap.duration:.1f} s")


def show(port: str) -> None:
    with can.supervise(port, interface="slcan", bitrate=500_000, on_gap=tell) as bus:
        for msg in bus:
            print(msg)


def pull_a_cable() -> None:
    with (
        TemporaryDirectory() as folder,  # for a name that stays, as those in /dev/serial/by-id
        SlcanEmulator("usbtin", link=f"{folder}/adapter") as adapter,
        can.supervise(adapter.port, interface="slcan", bitrate=500_000) as bus,
    ):
        adapter.arrive("123#01")
        print(bus.recv())
        adapter.unplug()
        print("unplugged:", bus.recv(timeout=0.1))
        adapter.plug()
        tell(next(bus.gaps))
        adapter.arrive("123#02")
        print(bus.recv())


if __name__ == "__main__":
    show(sys.argv[1]) if len(sys.argv) > 1 else pull_a_cable()
