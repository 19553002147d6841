"""Who answers customers, and where their cases wait."""

from chaguan.desk import tables as tables  # registers them
from chaguan.desk.context import ContextService, ContextSource
from chaguan.desk.service import AgentAccess, DeskService, topic_of

__all__ = ["AgentAccess", "ContextService", "ContextSource", "DeskService", "topic_of"]
