"""Configuration: what a call of `Bus()` leaves open, from `can.rc`, the environment and files.

    from canbus.config import settings_for
    for setting in settings_for(context="lab").values(): print(setting)

`sources.py` says where is looked, and in which order; `choosing.py` what applies to which
interface; `typing_values.py` makes text a value. Nothing is opened, and no backend is known.
"""

from __future__ import annotations

from canbus.config.choosing import Choice, choose, settings_for
from canbus.config.sources import Setting, Source, read_sources

__all__ = ["Choice", "Setting", "Source", "choose", "read_sources", "settings_for"]
