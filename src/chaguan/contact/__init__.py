"""Customers who write from a platform's own customer-service chat: in by its push, out by its reply API.

What they say becomes messages of the same conversation that they have in the app; what the shop says goes out to them
as long as they are there. Nothing here knows cases: the desk reads the log like any other message's.
"""

from chaguan.contact import tables as tables  # registers them
from chaguan.contact.service import ContactService

__all__ = ["ContactService"]
