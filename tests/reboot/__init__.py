"""What survives a reboot: machines that are set up in one boot and looked at in the next.

Each boots the guest with systemd of tests/lab; no test here looks into a file that was written,
which is what tests/unit/persist is for.
"""
