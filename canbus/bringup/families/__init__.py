"""The families of adapters, one file each. What they share is in canbus/bringup."""
