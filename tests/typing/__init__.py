"""Files for type checkers: what they must take, and what they must refuse."""
