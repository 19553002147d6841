"""What this domain offers, by noun: `objects` of the business, the `cards` that show them, and the `acts` on those."""

from chaguan.commerce.acts import Acts
from chaguan.commerce.cards import Cards
from chaguan.commerce.following import Following
from chaguan.commerce.objects import Objects
from chaguan.commerce.sealing import Seals
from chaguan.core.clock import Clock, now_ms
from chaguan.infra.database import Database
from chaguan.infra.sealing import Vault
from chaguan.messaging import Messaging


class CommerceService:
    def __init__(self, db: Database, vault: Vault, messaging: Messaging, clock: Clock = now_ms) -> None:
        seals = Seals(vault)
        self.objects = Objects(db, seals, clock)
        self.cards = Cards(db, vault, messaging, seals, clock)
        self.following = Following(db, self.cards)
        self.acts = Acts(db, messaging, self.cards, self.following, seals, clock)
        self.objects.changed = self.following.wake
        self.cards.noted = self.following.wake
        messaging.messages.alongside = self.cards.note

    async def start(self) -> None:
        """Every process brings up the cards whose objects it changed."""
        await self.following.start()

    async def stop(self) -> None:
        await self.following.stop()
