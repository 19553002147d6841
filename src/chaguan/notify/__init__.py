"""Nobody waits unseen: who looks elsewhere is told that customers wait, in their group's chat or on their device.

It reads who waits from the desk and decides nothing there. Customers and what they said are no part of it, unless a
shop wants an excerpt.
"""

from chaguan.notify import tables as tables  # registers them
from chaguan.notify.model import NotifySettings, Robot, RobotSpec, Tried
from chaguan.notify.service import NotifyService

__all__ = ["NotifyService", "NotifySettings", "Robot", "RobotSpec", "Tried"]
