"""What the business sells, what was ordered and what it grants: its objects, the money, and the cards that show them."""

from chaguan.commerce import tables as tables  # registers them
from chaguan.commerce.acts import Act
from chaguan.commerce.objects import Found
from chaguan.commerce.rules import Outcome
from chaguan.commerce.service import CommerceService
from chaguan.commerce.states import OrderEvent

__all__ = ["Act", "CommerceService", "Found", "OrderEvent", "Outcome"]
