"""How much larger the numbers of a soak run are: `make soak`. No test here."""

import os

SOAK = int(os.environ.get("CANBUS_SOAK", "1"))
