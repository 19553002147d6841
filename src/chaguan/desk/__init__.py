"""Who answers customers, and where their cases wait."""

from chaguan.desk import automation_tables as automation_tables
from chaguan.desk import tables as tables  # registers them
from chaguan.desk.agents import TOPIC as AGENTS_TOPIC
from chaguan.desk.agents import AgentChange, Agents
from chaguan.desk.arrangement import Arrangement
from chaguan.desk.context import ContextService, ContextSource
from chaguan.desk.service import AgentAccess, DeskService, topic_of

__all__ = [
    "AGENTS_TOPIC",
    "AgentAccess",
    "AgentChange",
    "Agents",
    "Arrangement",
    "ContextService",
    "ContextSource",
    "DeskService",
    "topic_of",
]
