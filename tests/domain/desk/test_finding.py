"""A search through one's own cases."""

from chaguan.core.caller import Caller
from chaguan.protocol import commands as c
from tests.domain.desk.conftest import Shop


async def found(shop: Shop, caller: Caller, query: str) -> list[str]:
    await shop.messaging.search.caught_up()
    page = await shop.messaging.search.search(caller, c.SearchMessages(id=1, query=query))
    return [hit.conversation.id for hit in page.hits]


async def consult(shop: Shop, agent: Caller, customer: Caller, text: str) -> str:
    """From the first word to the end; gives the conversation."""
    room = await shop.asks(customer, text)
    await shop.take(agent, await shop.case(room))
    await shop.resolve(agent, await shop.case(room))
    await shop.desk.caught_up()
    return room


async def test_an_agent_finds_what_was_said_in_their_own_cases_after_these_have_ended(shop: Shop):
    mei, lin = shop.staff("mei"), shop.staff("lin")
    room = await consult(shop, mei, shop.customer("wang"), "白毫银针有货吗")
    await consult(shop, lin, shop.customer("li"), "白毫银针多少钱")
    assert await found(shop, mei, "白毫银针") == [room]
    assert await found(shop, shop.customer("zhao"), "白毫银针") == []
