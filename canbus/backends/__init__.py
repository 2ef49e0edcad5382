"""The built-in backends, each a plugin like any other. None imports another's insides."""
