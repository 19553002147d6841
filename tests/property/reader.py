"""A reference client: docs/reference/protocol.md's "Applying what comes", and nothing beside it."""

import copy
from collections.abc import Awaitable, Callable
from typing import Any

Json = dict[str, Any]
Ask = Callable[..., Awaitable[Json]]
"""Asks the server one command: `ask("pull_entries", conversation_id=…)`."""


class Reader:
    """What one device of a user shows: rows, and the log of each conversation that it opened."""

    def __init__(self, user_id: str, ask: Ask) -> None:
        self.user_id = user_id
        self._ask = ask
        self.forget(None)

    def forget(self, epoch: str | None) -> None:
        self.epoch, self.version = epoch, 0
        self.rows: dict[str, Json] = {}
        self.logs: dict[str, Json] = {}

    async def catch_up(self) -> None:
        known = [[id, log["held"]] for id, log in self.logs.items()]
        welcome = await self._ask("resume", epoch=self.epoch, user_version=self.version, known=known)
        if welcome["epoch"] != self.epoch:
            self.forget(welcome["epoch"])
        if welcome.get("full"):
            self.rows, self.version = {}, 0
        for sync in welcome.get("syncs", []):
            await self._sync(sync)
        for id in welcome.get("pending", []):
            await self._pull(id)
        await self._replace(welcome.get("conversations", []))
        self.version = welcome[
            "user_version"
        ]  # last: a connection lost on the way leaves it to be asked again

    async def receive(self, push: Json) -> None:
        if push["type"] == "user_changed":
            await self._user_changed(push)
        elif push["type"] == "mark_moved":
            self._mark_moved(push)
        elif "seq" in push and push["conversation_id"] in self.logs:
            await self._entry(push)

    async def _user_changed(self, push: Json) -> None:
        if push["version"] <= self.version:
            return None
        if push["previous"] != self.version:
            return await self.catch_up()
        for inbox in push.get("inboxes", []):
            row = self.rows.get(inbox["conversation_id"])
            if row is not None:
                row["inbox"] = _merged(row["inbox"], inbox)
        await self._replace(push.get("conversations", []))
        self.version = push["version"]
        return None

    def _mark_moved(self, push: Json) -> None:
        row = self.rows.get(push["conversation_id"])
        if row is not None and push["user_id"] != self.user_id:
            row["inbox"]["peer_read_seq"] = max(row["inbox"].get("peer_read_seq", 0), push["read_seq"])

    async def _replace(self, views: list[Json]) -> None:
        for view in views:
            id = view["conversation"]["id"]
            if view["inbox"].get("removed"):
                self.rows.pop(id, None)
                self.logs.pop(id, None)
                continue
            held = self.rows.get(id)
            view = copy.deepcopy(view)
            if held is not None:
                view["inbox"] = _merged(held["inbox"], view["inbox"])
                if held["conversation"].get("head_seq", 0) > view["conversation"].get("head_seq", 0):
                    # The row was read before entries that came first: what they made of it is newer.
                    view["conversation"], view["last"] = held["conversation"], held.get("last")
            self.rows[id] = view
            if id not in self.logs:
                await self._open(id)

    async def _open(self, id: str) -> None:
        history = await self._ask("get_history", conversation_id=id, limit=50)
        self.logs[id] = {"held": history.get("head_seq", 0), "messages": {}}
        for message in history["messages"]:
            self._store(id, message)

    async def _sync(self, sync: Json) -> None:
        id = sync["conversation_id"]
        if sync.get("reset"):
            self.logs.pop(id, None)
            if sync["head_seq"]:
                self.logs[id] = {"held": sync["head_seq"], "messages": {}}
                for message in sync.get("entries", []):
                    self._store(id, message)
            return
        for entry in sync.get("entries", []):
            await self._entry(entry)
        if sync.get("more"):
            await self._pull(id)

    async def _pull(self, id: str) -> None:
        await self._sync(await self._ask("pull_entries", conversation_id=id, after_seq=self.logs[id]["held"]))

    async def _entry(self, entry: Json) -> None:
        id = entry["conversation_id"]
        log = self.logs[id]
        if entry["seq"] > log["held"] + 1:
            return await self._pull(id)  # which brings this entry too
        if entry["seq"] == log["held"] + 1:
            log["held"] = entry["seq"]
            self._apply(id, log, entry)
        # A row may be older than the log that was opened for it: the two are brought up to date apart.
        self._update_row(id, entry)
        return None

    def _apply(self, id: str, log: Json, entry: Json) -> None:
        if entry["type"] == "message_sent":
            return self._store(id, entry)
        target = log["messages"].get(entry.get("target_seq"))
        if target is None or entry["seq"] <= target.get("changed_seq", 0):
            return None
        target["changed_seq"] = entry["seq"]
        return _CHANGES[entry["type"]](target, entry)

    def _store(self, id: str, message: Json) -> None:
        self.logs[id]["messages"][message["seq"]] = copy.deepcopy(message)

    def _update_row(self, id: str, entry: Json) -> None:
        row = self.rows.get(id)
        if row is None or entry["seq"] <= row["conversation"].get("head_seq", 0):
            return
        conversation, inbox = row["conversation"], row["inbox"]
        conversation["head_seq"] = max(entry["seq"], conversation.get("head_seq", 0))
        if entry["type"] == "message_sent" and entry.get("ordinal"):
            conversation["head_ordinal"] = max(entry["ordinal"], conversation.get("head_ordinal", 0))
            conversation["last_at"] = max(entry["created_at"], conversation.get("last_at", 0))
            if entry["sender_id"] == self.user_id:
                mark = {"read_seq": entry["seq"], "read_ordinal": entry["ordinal"]}
                row["inbox"] = _merged(inbox, {**inbox, **mark, "marked_unread": False})
        if entry["type"] == "conversation_changed":
            conversation.update({k: entry[k] for k in ("name", "avatar") if entry.get(k) is not None})

    def shown(self) -> Json:
        """What the screen shows, apart from how it came about."""
        return {
            "rows": {id: self._row(row) for id, row in sorted(self.rows.items())},
            "logs": {id: self._log(log) for id, log in sorted(self.logs.items()) if id in self.rows},
        }

    def _row(self, row: Json) -> Json:
        inbox, conversation = row["inbox"], row["conversation"]
        return {
            "unread": max(0, conversation.get("head_ordinal", 0) - inbox.get("read_ordinal", 0)),
            **{name: conversation.get(name) for name in ("head_seq", "head_ordinal", "name", "last_at")},
            **{name: inbox.get(name, 0) for name in ("read_seq", "pinned_at", "from_seq")},
            **{name: bool(inbox.get(name)) for name in ("muted", "marked_unread", "archived", "blocked")},
            "role": inbox.get("role", "member"),
        }

    def _log(self, log: Json) -> Json:
        return {
            "held": log["held"],
            "messages": {seq: _plain(each) for seq, each in sorted(log["messages"].items())},
        }


def _merged(old: Json, new: Json) -> Json:
    """The newer row, but of marks the larger."""
    marks = ("read_seq", "read_ordinal", "peer_read_seq")
    return {**new, **{name: max(old.get(name, 0), new.get(name, 0)) for name in marks}}


def _plain(message: Json) -> Json:
    """Fields with their default are left out on the wire: here they are as good as not there."""
    return {name: value for name, value in message.items() if value not in (None, "", 0, [], False)}


def _edit(target: Json, entry: Json) -> None:
    target["content"], target["mentions"] = entry.get("content"), entry.get("mentions", [])
    target["edited_at"] = entry["created_at"]


def _recall(target: Json, entry: Json) -> None:
    target["recalled_by"] = entry["actor_id"]
    for name in ("content", "mentions", "quote", "reactions", "edited_at"):
        target.pop(name, None)


def _react(target: Json, entry: Json) -> None:
    found = dict(target.get("reactions", []))
    users = [user for user in found.get(entry["emoji"], []) if user != entry["actor_id"]]
    if entry["on"]:
        users = (
            found[entry["emoji"]]
            if entry["actor_id"] in found.get(entry["emoji"], [])
            else [*users, entry["actor_id"]]
        )
    found[entry["emoji"]] = users
    target["reactions"] = [[emoji, users] for emoji, users in found.items() if users]


_CHANGES: dict[str, Callable[[Json, Json], None]] = {
    "message_edited": _edit,
    "message_recalled": _recall,
    "reaction_set": _react,
}
