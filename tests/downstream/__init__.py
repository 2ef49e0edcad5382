"""Libraries that were written for python-can, unmodified, on buses of ours. Shared, no tests."""
