"""A shop that keeps objects, on a real database. Cards are brought up when a test says so (`keep_up`)."""

from pathlib import Path
from typing import Any

import pytest

from chaguan.commerce import CommerceService, Found
from chaguan.core.caller import Caller
from chaguan.infra.sealing import Vault
from chaguan.messaging.model import Membership
from chaguan.protocol import commands as c
from chaguan.protocol.content import Card
from chaguan.protocol.conversations import MemberRole, UserKind
from chaguan.protocol.money import Money
from chaguan.protocol.objects import ActionName, Coupon, Order, OrderItem, OrderState, Product
from tests.databases import OpenDatabase
from tests.domain.messaging.conftest import World, key

SHOP = "s_tea"
SERVER = Caller("server", "k_erp", scopes=frozenset({"objects:write"}))
ASKS = [ActionName.confirm_receipt, ActionName.ask_refund]


def yuan(amount: int) -> Money:
    return Money(amount, "CNY")


class Market(World):
    commerce: CommerceService

    def build(self) -> None:
        super().build()
        self.commerce = self.another()

    def another(self) -> CommerceService:
        """As a second process has it."""
        vault = Vault(self.keyring, self.root)
        made = CommerceService(self.db, vault, self.messaging, lambda: self.now)
        self.messaging.messages._before_append = made.cards.fill
        return made

    async def room(self, customer: Caller) -> str:
        opened = await self.messaging.conversations.open_service(customer, SHOP, customer.user_id)
        return opened.view.conversation.id

    async def product(self, price: int = 12_800, version: int | None = None, **more: Any) -> Found:
        body = Product(title="狮峰龙井", price=yuan(price), actions=[ActionName.buy], **more)
        return await self.commerce.objects.put(SERVER, SHOP, "p1", version, "", body)

    async def order(
        self, customer: Caller, state: str = "shipped", version: int | None = None, **more: Any
    ) -> Found:
        items = [OrderItem(title="狮峰龙井", price=yuan(12_800))]
        fields: dict[str, Any] = {"total": yuan(12_800), "actions": ASKS, **more}
        body = Order(state=OrderState(state), items=items, **fields)
        return await self.commerce.objects.put(SERVER, SHOP, "A-1", version, customer.user_id, body)

    async def coupon(self, customer_id: str = "") -> Found:
        body = Coupon(title="新客券", off=yuan(1_000), actions=[ActionName.use_coupon])
        return await self.commerce.objects.put(SERVER, SHOP, "C-1", None, customer_id, body)

    async def send(self, sender: Caller, conversation_id: str, card: Card, client_key: str = "") -> int:
        command = c.SendMessage(
            id=1, conversation_id=conversation_id, client_msg_id=client_key or key(), content=card
        )
        return (await self.messaging.messages.send(sender, command)).seq

    async def shop_sends(self, conversation_id: str, card: Card) -> int:
        """As the shop's voice, which is no member."""
        voice = self.people.add("voice", UserKind.bot)
        room = await self.messaging.rooms.room(conversation_id)
        command = c.SendMessage(id=1, conversation_id=conversation_id, client_msg_id=key(), content=card)
        looks = Membership(MemberRole.agent, [(1, 0)], looks_only=True)
        return (await self.messaging.messages.post(voice, room, looks, command)).seq

    async def keep_up(self) -> None:
        while await self.commerce.following.step():
            pass

    async def card(self, reader: Caller, conversation_id: str, seq: int) -> Card:
        """As a client that starts afresh gets it."""
        message = await self.message(reader, conversation_id, seq)
        assert isinstance(message.content, Card)
        return message.content

    async def message(self, reader: Caller, conversation_id: str, seq: int) -> Any:
        command = c.GetMessages(id=1, conversation_id=conversation_id, seqs=[seq])
        return (await self.messaging.sync.messages(reader, command)).messages[0]

    async def tap(
        self,
        customer: Caller,
        conversation_id: str,
        card: Card,
        action: str,
        client_key: str = "",
        text: str = "",
    ) -> Any:
        (intent,) = [offer.intent for offer in card.offers if offer.action == action]
        return await self.tap_with(customer, conversation_id, intent, client_key, text)

    async def tap_with(
        self, customer: Caller, conversation_id: str, intent: str, client_key: str = "", text: str = ""
    ) -> Any:
        command = c.ActOnCard(
            id=1,
            conversation_id=conversation_id,
            client_msg_id=client_key or key(),
            intent=intent,
            text=text,
        )
        return await self.commerce.acts.act(customer, command)


@pytest.fixture
async def market(tmp_path: Path, open_database: OpenDatabase):
    market = Market(tmp_path / "chaguan.db", open_database)
    await market.open()
    yield market
    await market.close()


@pytest.fixture
def amy(market: Market) -> Caller:
    return market.people.add("amy", UserKind.customer)


def order_card(title: str = "我的订单") -> Card:
    return Card(title, object_type="order", object_id="A-1", fallback="订单")


def product_card(title: str = "这款") -> Card:
    return Card(title, object_type="product", object_id="p1", fallback="商品")
