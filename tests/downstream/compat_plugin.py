"""A plugin of pytest: `import can` is canbus in this run, before anything imports it."""

from canbus.compat import install

install()
