"""Modules of python-can that software imports, made of ours: thin, and only names. No policy."""
