"""The hooks of the plugin registry, and nothing else.

A plugin is a module named by an entry point of group `canbus.backends`; every function in
it whose name starts with `canbus_` is a hook implementation, and a name or argument that is
not listed here is an error. No hook is ever called per frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from canbus.plugin import BackendSpec

hookspec = pluggy.HookspecMarker("canbus")


@hookspec
def canbus_backend() -> BackendSpec:  # type: ignore[empty-body]
    """Describe the backend that this plugin brings; its name is the entry point's.

    Must be cheap: the module that opens the channel is imported only when a bus is opened.
    """


@hookspec
def canbus_add_commands(subparsers: Any) -> None:
    """Add subcommands to the `canbus` command line.

    Args:
        subparsers: what `argparse.ArgumentParser.add_subparsers` returned. Each parser
            added sets `run`, a function of the parsed arguments that returns an exit
            status, with `set_defaults(run=...)`.
    """
