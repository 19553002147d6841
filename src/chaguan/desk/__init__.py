"""Who answers customers, and where their cases wait."""

from chaguan.desk import automation_tables as automation_tables
from chaguan.desk import tables as tables  # registers them
from chaguan.desk.agents import TOPIC as AGENTS_TOPIC
from chaguan.desk.agents import AgentChange, Agents, access_agent_desk
from chaguan.desk.alerts import Alert, AlertKind
from chaguan.desk.arrangement import Arrangement
from chaguan.desk.context import ContextService, ContextSource
from chaguan.desk.dispatch import Look
from chaguan.desk.notes import NoteBook
from chaguan.desk.notes import topic_of as notes_topic_of
from chaguan.desk.service import AgentAccess, DeskService, topic_of, wall_of
from chaguan.desk.store.waits import Wait
from chaguan.desk.times.report import By
from chaguan.desk.times.reports import Asked, ServiceReport
from chaguan.desk.times.table import as_csv
from chaguan.desk.unattended import Scene, Unattended

__all__ = [
    "AGENTS_TOPIC",
    "AgentAccess",
    "AgentChange",
    "Agents",
    "Alert",
    "AlertKind",
    "Arrangement",
    "Asked",
    "By",
    "ContextService",
    "ContextSource",
    "DeskService",
    "Look",
    "NoteBook",
    "Scene",
    "ServiceReport",
    "Unattended",
    "Wait",
    "access_agent_desk",
    "as_csv",
    "notes_topic_of",
    "topic_of",
    "wall_of",
]
