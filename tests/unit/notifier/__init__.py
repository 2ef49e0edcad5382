"""Notifier and listeners on virtual buses: no kernel is needed."""
