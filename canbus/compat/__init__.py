"""Software that was written for python-can, on buses of ours. Nothing of ours stands on this.

`can.Bus(interface="canbus", channel="can0")` in a program that uses python-can is a bus of
interface.py; python-can finds it by its entry point.
"""
