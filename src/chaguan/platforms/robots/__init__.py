"""Group robots of WeCom, Feishu and DingTalk: a text into a group by the address that the group's page shows."""

from chaguan.platforms.robots.addresses import Robot, Vendor, read_address
from chaguan.platforms.robots.answers import Refusal
from chaguan.platforms.robots.client import harmless, outcome_of, send_text

__all__ = ["Refusal", "Robot", "Vendor", "harmless", "outcome_of", "read_address", "send_text"]
