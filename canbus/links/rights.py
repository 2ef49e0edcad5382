"""Whether this process has a capability, asked of the kernel: being root says little.

In a container root may have none, and a service need not be root (AmbientCapabilities=).
"""

from __future__ import annotations

from pathlib import Path

# <linux/capability.h>
_BITS = {"CAP_NET_ADMIN": 12, "CAP_SYS_MODULE": 16, "CAP_SYS_ADMIN": 21}


def has_capability(name: str, status: str = "/proc/thread-self/status") -> bool:
    """Whether the capability is effective (capabilities(7)); False where nobody can say.

    In a user namespace it may be, and not count outside.
    """
    try:
        lines = Path(status).read_text().splitlines()
    except OSError:
        return False
    words = [line.split()[1] for line in lines if line.startswith("CapEff:")]
    return bool(words) and bool(int(words[0], 16) >> _BITS[name] & 1)
