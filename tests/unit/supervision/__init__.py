"""Supervised buses on channels that come and go."""
