"""What agents say often: written down, found, counted, and carried from one deployment to another."""

from chaguan.desk.canned.exchange import Format
from chaguan.desk.canned.service import CannedReplies, Place

__all__ = ["CannedReplies", "Format", "Place"]
