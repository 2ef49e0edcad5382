"""canbus.bringup.persist: what survives a reboot. On a system that is booted: tests/systemd."""
