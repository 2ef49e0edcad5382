"""Intrepid: ValueCAN, neoVI and others, through their own kernel module and daemon.

versions.py, channels.py, messages.py and settings.py are facts and rules, pure; daemon.py has the
steps that only this family has, family.py puts all of them in order.
"""

from canbus.bringup.families.intrepid.family import steps

__all__ = ["steps"]
