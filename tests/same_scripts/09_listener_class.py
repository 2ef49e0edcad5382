"""A listener of one's own, with all that it may have."""

import threading

import can


class Recorder(can.Listener):
    def __init__(self):
        self.done = threading.Event()

    def on_message_received(self, msg):
        print("got", msg.arbitration_id, msg.data.hex())
        if msg.arbitration_id == 9:
            self.done.set()

    def on_error(self, exc):
        print("error", exc)

    def stop(self):
        print("stopped")


with can.Bus() as bus, can.Bus() as other:
    recorder = Recorder()
    with can.Notifier(bus, [recorder]) as notifier:
        for number in range(10):
            other.send(can.Message(arbitration_id=number, data=bytes([number, 255 - number])))
        assert recorder.done.wait(2)
    print(isinstance(recorder, can.Listener), callable(recorder))
    recorder(can.Message(arbitration_id=77))
