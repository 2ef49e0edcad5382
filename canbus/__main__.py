"""``python -m canbus`` is the `canbus` command."""

import sys

from canbus.cli import main

sys.exit(main())
