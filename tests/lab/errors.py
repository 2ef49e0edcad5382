"""The one exception of the lab. No text for particular failures: that stands where they happen."""


class LabError(Exception):
    """Something the user has to put right; printed as one line, exit status 2."""
