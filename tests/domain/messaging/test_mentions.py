import pytest

from chaguan.core.errors import AppError, ErrorCode
from chaguan.protocol import commands as c
from chaguan.protocol.content import Text
from chaguan.protocol.conversations import MemberRole, UserKind
from chaguan.protocol.entries import MessageSent
from tests.domain.messaging.conftest import key


async def refused(awaitable, code: str) -> None:
    with pytest.raises(AppError) as error:
        await awaitable
    assert error.value.code == code


async def test_a_customer_calls_all_of_a_group_only_where_they_run_it(world, people):
    clerk = people.add("clerk")
    host, guest = (people.add(name, UserKind.customer) for name in ("host", "guest"))
    group = await world.group(clerk, host, guest)
    sent = await world.say(guest, group, "大家好", mentions=["u_host"])
    await refused(world.say(guest, group, "@所有人", mentions=["all"]), ErrorCode.forbidden)
    await refused(
        world.say(guest, group, "@所有人", mentions=["all"], quote_seq=sent.seq), ErrorCode.forbidden
    )
    sneaking = c.EditMessage(
        id=1,
        conversation_id=group,
        client_msg_id=key(),
        target_seq=sent.seq,
        content=Text("改"),
        mentions=["all"],
    )
    await refused(world.messaging.messages.edit(guest, sneaking), ErrorCode.forbidden)
    await world.say(clerk, group, "@所有人", mentions=["all"])
    promote = c.SetMemberRole(
        id=1, conversation_id=group, client_msg_id=key(), user_id="u_host", role=MemberRole.admin
    )
    await world.messaging.members.set_role(clerk, promote)
    await world.say(host, group, "@所有人", mentions=["all"])
    said = [e.mentions for e in (await world.pull(guest, group)).entries if isinstance(e, MessageSent)]
    assert said.count(["all"]) == 2
