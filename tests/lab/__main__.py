"""`python -m tests.lab`, the same as the `boot` launcher. Nothing else belongs here."""

import sys

from .cli import main

sys.exit(main(sys.argv[1:]))
