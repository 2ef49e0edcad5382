"""canbus.bringup.persist: what survives a reboot."""
