"""Several users of one bus: a tester asks, a logger sees everything, a slow one hurts itself."""

import threading

import canbus as can

ENGINE, ANSWER = 0x7E0, 0x7E8


def engine(bus: can.BusABC) -> None:
    """Another node: answers what it is asked, and talks of other things."""
    for asked in bus:
        if asked.arbitration_id == ENGINE:
            bus.send(can.Message.parse("100#C0FFEE"))
            bus.send(can.Message(arbitration_id=ANSWER, is_extended_id=False, data=asked.data))


def ask(bus: can.BusABC, number: int) -> None:
    question = can.Message(arbitration_id=ENGINE, is_extended_id=False, data=[0x22, number])
    answer = bus.request(question, can.CanFilter(ANSWER, 0x7FF), timeout=5.0)
    assert answer.data == question.data


def main() -> None:
    with can.Bus("car", interface="virtual") as bus, can.Bus("car", interface="virtual") as other:
        node = threading.Thread(target=engine, args=(other,))
        node.start()
        with bus.subscribe(maxlen=3, overflow="drop_newest") as slow, bus.subscribe() as logger:
            for number in range(5):
                ask(bus, number)
            for msg, _ in zip(logger, range(9), strict=False):
                print(f"{msg:candump}")
            print(f"the slow one has lost {slow.lost} of 10")
        other.shutdown()
        node.join()


if __name__ == "__main__":
    main()
