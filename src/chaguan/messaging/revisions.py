"""Messages that the deployment itself brings up to date: the same edit that a person makes, in its sender's name."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection

from chaguan.core.errors import AppError, ErrorCode
from chaguan.messaging.append import Appended
from chaguan.messaging.log import Draft, Log, encode, seal
from chaguan.messaging.model import (
    EDIT,
    MESSAGE,
    Membership,
    Room,
    State,
    Stored,
    pack_state,
    unpack_state,
)
from chaguan.messaging.store import log as store
from chaguan.protocol.content import Card, Content
from chaguan.protocol.conversations import MemberRole

MAX_REVISIONS = 300
_EVERYTHING = Membership(MemberRole.agent, [(1, 0)], looks_only=True)
Beside = Callable[[Connection], Any]
"""Runs in the edit's transaction; raises AppError before it has written anything, if the edit must not be."""


class Revisions:
    def __init__(self, log: Log) -> None:
        self._log = log

    async def revise(
        self, room: Room, seq: int, sender_id: str, key: bytes, content: Content, beside: Beside
    ) -> Appended:
        """Message `seq` says this from now on. `not_found` for one that was recalled or erased, `conflict` (`too_many`) for
        one that was revised too often."""
        body = seal(room, key, sender_id, encode(content))

        def effect(connection: Connection, entry_seq: int, at: int) -> None:
            row, state = _standing(connection, room, seq)
            if len(state.edits) >= MAX_REVISIONS:
                raise AppError(
                    ErrorCode.conflict, "revised too often", reason="too_many", limit=MAX_REVISIONS
                )
            beside(connection)
            new = State(
                quote=state.quote,
                edited_at=at,
                edited_by=key.hex(),
                edits=[*state.edits, entry_seq],
                reactions=state.reactions,
            )
            store.set_state(connection, room.id, row.seq, entry_seq, pack_state(new), body)

        draft = Draft(
            room=room,
            member=_EVERYTHING,
            actor_id=sender_id,
            kind=EDIT,
            client_msg_id=key,
            content=content,
            target_seq=seq,
            body=body,
            effect=effect,
            asked=key,
        )
        return await self._log.append(draft)

    def check_stands(self, connection: Connection, room: Room, seq: int) -> None:
        """`not_found` for a message that was recalled or erased."""
        _standing(connection, room, seq)


def _standing(connection: Connection, room: Room, seq: int) -> tuple[Stored, State]:
    rows = store.by_seqs(connection, room.id, [seq])
    if not rows or rows[0].kind != MESSAGE or rows[0].body is None or seq < room.floor_seq:
        raise AppError(ErrorCode.not_found, "no such message")
    return rows[0], unpack_state(rows[0].state)


def check_editable(content: Content | None) -> None:
    """What the server draws, only the server changes."""
    if isinstance(content, Card) and content.card_id:
        raise AppError(ErrorCode.bad_request, "this card changes with its object", reason="living_card")


def picture_of(card: Card) -> Card:
    """The card as it looks, without what only the server may say in it."""
    if not (card.card_id or card.revision or card.state or card.price or card.offers):
        return card
    return replace(card, card_id="", revision=0, state="", price=None, offers=[])
