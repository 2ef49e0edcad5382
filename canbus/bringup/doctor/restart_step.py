"""RestartLink: bring a controller back from bus-off, as a step that is shown and done."""

from __future__ import annotations

from canbus.bringup.steps import Context, Step
from canbus.links import restart_link
from canbus.state import CanState


class RestartLink(Step):
    """Bring the link's controller back from bus-off. It is not undone: nobody wants it off."""

    def explain(self) -> str:
        """In words."""
        return "restart the controller"

    def commands(self, context: Context) -> list[str]:
        """For sh."""
        link = context.find()
        if link is None or link.state is not CanState.BUS_OFF:
            return []
        return [f"ip link set dev {context.shell_name} type can restart"]

    def run(self, context: Context) -> None:
        """Do it."""
        restart_link(context.link or "")
