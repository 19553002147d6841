"""Who answers customers, and where their cases wait."""

from chaguan.desk import tables as tables  # registers them
from chaguan.desk.agents import TOPIC as AGENTS_TOPIC
from chaguan.desk.agents import AgentChange, Agents, access_agent_desk
from chaguan.desk.arrangement import Arrangement
from chaguan.desk.context import ContextService, ContextSource
from chaguan.desk.service import AgentAccess, DeskService, topic_of
from chaguan.desk.store.waits import Wait
from chaguan.desk.unattended import Scene, Unattended

__all__ = [
    "AGENTS_TOPIC",
    "AgentAccess",
    "AgentChange",
    "Agents",
    "Arrangement",
    "ContextService",
    "ContextSource",
    "DeskService",
    "Scene",
    "Unattended",
    "Wait",
    "access_agent_desk",
    "topic_of",
]
