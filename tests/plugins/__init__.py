"""Backends that strangers wrote for python-can, from PyPI, unmodified, behind our contract."""
