"""Whatever the shop tells in whatever order, whoever taps what they ever saw, and whenever a process dies: in the end each
card shows its object, what devices heard is what a fresh one reads, and nothing was taken twice."""

import random

import pytest

from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol.entries import MessageEdited
from chaguan.protocol.objects import ObjectKind, OrderState
from tests.domain.commerce.conftest import SERVER, SHOP, order_card

STATES = list(OrderState)
REFUSED = {(ErrorCode.conflict, "late"), (ErrorCode.conflict, "version_used")}


class Play:
    def __init__(self, market, amy, seed):
        self.market, self.amy, self.rng = market, amy, random.Random(seed)
        self.newest = 1
        self.seqs = []
        self.heard = {}
        self.seen = []
        """Every card that a device ever showed, with its offers."""
        self.taken = 0

    async def begin(self):
        await self.market.order(self.amy, "unpaid", 1)
        self.room = await self.market.room(self.amy)

    async def tell(self):
        """Some version of the order, not always the newest; a version always says the same."""
        version = max(1, self.newest + self.rng.choice((-2, -1, 0, 1, 1, 2)))
        self.newest = max(self.newest, version)
        state = STATES[version % len(STATES)].value if version > 1 else "unpaid"
        await self.market.order(self.amy, state, version)

    async def send(self):
        seq = await self.market.send(self.amy, self.room, order_card())
        self.seqs.append(seq)
        self.seen.append(await self.market.card(self.amy, self.room, seq))

    async def tap(self):
        offers = [offer for card in self.seen for offer in card.offers]
        if offers:
            await self.market.tap_with(self.amy, self.room, self.rng.choice(offers).intent)
            self.taken += 1

    async def step(self):
        await self.market.commerce.following.step()
        self.hear()

    async def crash(self):
        self.hear()
        await self.market.restart()

    def hear(self):
        for push in self.market.pushes.of(self.room, MessageEdited):
            self.heard[push.target_seq] = push.content
            self.seen.append(push.content)

    async def act(self):
        verb = self.rng.choice(
            [self.tell] * 4 + [self.send] * 2 + [self.tap] * 8 + [self.step] * 3 + [self.crash]
        )
        try:
            await verb()
        except AppError as error:
            assert (error.code, error.data.get("reason")) in REFUSED


@pytest.mark.parametrize("seed", range(3))
async def test_cards_end_as_their_object_stands_and_nothing_is_taken_twice(market, amy, seed):
    play = Play(market, amy, seed)
    await play.begin()
    for _ in range(100):
        await play.act()
    await market.keep_up()
    play.hear()

    held = await market.commerce.objects.get(SERVER, SHOP, ObjectKind.order, "A-1")
    assert held.version == play.newest
    assert len(play.seqs) > 3
    for seq in play.seqs:
        card = await market.card(amy, play.room, seq)
        assert card.state == held.body.state.value
        if seq in play.heard:
            assert play.heard[seq] == card
    acts = await market.commerce.acts.list_open(SERVER, SHOP, 200)
    assert len(acts) == play.taken
    assert len({(act.version, act.action) for act in acts}) == len(acts)
    assert play.taken > 0
