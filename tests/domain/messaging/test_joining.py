"""Who joins while others talk."""

import asyncio

from chaguan.protocol import commands as c
from tests.domain.messaging.conftest import key


async def test_who_is_added_in_the_batch_of_a_message_has_nothing_unread_of_before(world, people):
    owner, mate, new = people.add("owner"), people.add("mate"), people.add("new")
    room = await world.group(owner, mate)
    await world.say(mate, room, "先说一句")
    command = c.AddMembers(id=1, conversation_id=room, client_msg_id=key(), user_ids=[new.user_id])
    said = [  # more than one batch holds of one conversation
        world.say(mate, room, f"同时{n}") for n in range(60)
    ]
    *_, joined = await asyncio.gather(*said, world.messaging.members.add(owner, command))
    view = await world.view(new, room)
    history = await world.messaging.sync.history(mate, c.GetHistory(id=1, conversation_id=room))
    later = [message for message in history.messages if message.seq > joined.seq]
    assert view.conversation.head_ordinal - view.inbox.read_ordinal == len(later)
