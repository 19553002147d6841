"""Stand-ins for the platforms' servers, so that everything runs, and is tested, without an account there.

Nothing here is reachable unless the composition root mounts it, which it does only when configured to.
"""

from chaguan.platforms.sandbox.app import sandbox_app, wechat_router
from chaguan.platforms.sandbox.push_routes import push_router
from chaguan.platforms.sandbox.push_service import SandboxPush
from chaguan.platforms.sandbox.pushing import Address, Mode, Pusher
from chaguan.platforms.sandbox.robot_routes import robots_router, sites
from chaguan.platforms.sandbox.robots import SandboxRobots
from chaguan.platforms.sandbox.wechat import SandboxWeChat

__all__ = [
    "Address",
    "Mode",
    "Pusher",
    "SandboxPush",
    "SandboxRobots",
    "SandboxWeChat",
    "push_router",
    "robots_router",
    "sandbox_app",
    "sites",
    "wechat_router",
]
