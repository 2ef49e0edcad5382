"""Dispatcher, subscriptions and requests on virtual buses: no kernel is needed."""
