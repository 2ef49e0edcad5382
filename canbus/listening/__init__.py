"""How a Notifier calls its listeners: in which thread, and what becomes of errors. Files only."""
