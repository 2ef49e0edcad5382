"""Ready-made listeners: each does one thing with every frame. Only files of listeners are here."""
