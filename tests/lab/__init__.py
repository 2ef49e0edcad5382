"""The lab: boots a throw-away Linux kernel with CAN and runs one command inside it.

Reading order: `cli` (what may be asked), `request` (the question as a value), `run` (start,
watch, tidy up), `uml` and `qemu` (two kinds of guest), `guest_script` (what happens inside);
`systemd_guest` is the third, `trixie` what it consists of, `reboots` its face for tests.
Python's standard library only: the lab has to work before any virtual environment exists, and
nothing here may import `canbus`.
"""
