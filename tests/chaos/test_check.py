"""The judge of a chaos play: an honest play passes, and each rule refuses the history that was forged for it."""

import json

import pytest

from chaguan.messaging.model import EDIT, JOINED, LEFT, MESSAGE, REACTION, RECALL, uuid_text
from tests.chaos.check import Audit, Judge, difference
from tests.chaos.history import Row
from tests.chaos.record import Record, words_of
from tests.chaos.watch import Watch, digest

ROOM = "g_tea"
ANNA, BO, CHEN = "u_anna", "u_bo", "u_chen"


class Someone:
    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.name = user_id[2:]
        self.record = Record()
        self.watches = [Watch(f"d_{self.name}")]


class Told:
    """A conversation of three: what is stored, what was answered, what was seen and what is shown of it. Anna and Bo
    are in it from the start; Chen joins with the sixth entry and leaves with the ninth."""

    def __init__(self) -> None:
        self.people = {id: Someone(id) for id in (ANNA, BO, CHEN)}
        self.rows: list[Row] = []
        self.members = {ANNA: [[1, 0]], BO: [[1, 0]], CHEN: [[6, 9]]}
        self.given: list[tuple[str, int, int]] = []
        self.add(ANNA, MESSAGE, "一")  # 1
        self.add(BO, MESSAGE, "二")  # 2
        self.add(ANNA, EDIT, "一！", target=1)  # 3
        self.add(BO, REACTION, target=1, fields={"emoji": "🍵", "on": True})  # 4
        self.add(BO, RECALL, target=2)  # 5
        self.add(ANNA, JOINED, fields={"user_id": CHEN})  # 6
        self.add(CHEN, MESSAGE, "三")  # 7
        self.add(ANNA, REACTION, target=1, fields={"emoji": "🍵", "on": True})  # 8
        self.add(CHEN, LEFT, fields={"user_id": CHEN})  # 9
        self.add(BO, MESSAGE, "四")  # 10
        self.audits = {id: self._audit(id) for id in (ANNA, BO)}
        self.given.append((ROOM, 1, 4))
        self.given.append((ROOM, 5, 10))

    def add(self, who: str, kind: int, text: str = "", target: int = 0, fields: dict | None = None) -> None:
        seq = len(self.rows) + 1
        key = seq.to_bytes(16, "big")
        ordinal = sum(row.countable for row in self.rows) + (kind == MESSAGE)
        state = json.dumps({"fields": fields}) if fields else ""
        row = Row(ROOM, seq, kind, kind == MESSAGE, ordinal, who, key, 1_000 + seq, target, 0, state)
        self.rows.append(row)
        if target:
            self.change(target, changed_seq=seq)
        self.people[who].record.keep(ROOM, uuid_text(key), seq, words_of(text))
        for id, someone in self.people.items():
            if any(first <= seq and seq <= (last or seq) for first, last in self.members[id]):
                someone.watches[0].seen[ROOM].add(seq, digest(row.created_at, who, target))

    def change(self, seq: int, **fields: object) -> None:
        self.rows[seq - 1] = self.rows[seq - 1]._replace(**fields)

    def _audit(self, user_id: str) -> Audit:
        row = {"head_seq": 10, "head_ordinal": 4, "read_seq": 5, "unread": 2, "peer_read_seq": 0}
        audit = Audit(f"fresh {user_id}", user_id, {ROOM: row})
        reactions = [["🍵", [BO, ANNA]]]
        audit.read(
            ROOM,
            [
                self.message(1, "一！", changed_seq=8, edited_at=1_003, reactions=reactions),
                self.message(2, recalled_by=BO, changed_seq=5),
                self.message(7, "三"),
                self.message(10, "四"),
            ],
        )
        return audit

    def message(self, seq: int, text: str = "", **fields: object) -> dict:
        row = self.rows[seq - 1]
        content = {"type": "text", "text": text} if text else None
        key = uuid_text(row.client_msg_id)
        plain = {"seq": seq, "sender_id": row.actor_id, "client_msg_id": key, "ordinal": row.ordinal}
        return {**plain, "created_at": row.created_at, "content": content, **fields}

    def show(self, seq: int, text: str = "", **fields: object) -> None:
        """To Anna, another message than there is."""
        shown = [each for each in self.audits[ANNA].messages[ROOM] if each[0] != seq]
        self.audits[ANNA].messages[ROOM] = shown
        self.audits[ANNA].read(ROOM, [self.message(seq, text, **fields)])

    def faults(self) -> list[str]:
        table = [(ROOM, id, json.dumps(spans)) for id, spans in self.members.items()]
        judge = Judge([*self.people.values()], [*self.audits.values()], table)
        for run in self.given:
            judge.give(*run)
        for row in self.rows:
            judge.take(row)
        return judge.end()

    def seen(self, who: str, seq: int, value: int) -> None:
        self.people[who].watches[0].seen[ROOM].add(seq, value)

    def watch(self, who: str) -> Watch:
        return self.people[who].watches[0]


@pytest.fixture
def told() -> Told:
    return Told()


def refused(told: Told, words: str) -> bool:
    return any(words in fault for fault in told.faults())


def test_an_honest_play_is_not_found_fault_with(told):
    assert told.faults() == []


# What stands in the log


def test_an_acknowledged_message_that_is_not_stored_is_found(told):
    del told.rows[-1]
    assert refused(told, "was acknowledged as g_tea 10 and is not there")


def test_an_acknowledged_message_of_a_conversation_without_any_log_is_found(told):
    told.rows.clear()
    assert refused(told, "was acknowledged as g_tea 1 and is not there")


def test_another_message_under_an_acknowledged_seq_is_found(told):
    told.change(10, client_msg_id=bytes(15) + b"x")
    assert refused(told, "was acknowledged as g_tea 10 and is not there")


def test_a_message_that_nobody_was_answered_for_is_found(told):
    told.rows.append(told.rows[-1]._replace(seq=11, ordinal=5, client_msg_id=bytes(15) + b"x"))
    assert refused(told, "11 (00000000-0000-0000-0000-000000000078) is stored and was never acknowledged")


def test_a_message_that_was_refused_when_it_was_sent_again_may_be_stored(told):
    told.people[BO].record.refuse(ROOM, uuid_text(bytes(15) + b"x"), was_sent_before=True)
    told.rows.append(told.rows[-1]._replace(seq=11, ordinal=5, client_msg_id=bytes(15) + b"x"))
    assert not refused(told, "is stored and")


def test_a_message_that_was_refused_at_once_must_not_be_stored(told):
    told.people[BO].record.refuse(ROOM, uuid_text(bytes(15) + b"x"), was_sent_before=False)
    told.rows.append(told.rows[-1]._replace(seq=11, ordinal=5, client_msg_id=bytes(15) + b"x"))
    assert refused(told, "is stored and was refused")


def test_the_same_key_twice_is_found(told):
    told.rows.append(told.rows[-1]._replace(seq=11, ordinal=5))
    assert refused(told, "11: its key was there before")


def test_a_hole_is_found(told):
    del told.rows[3]
    assert refused(told, "5 stands where 4 should")


def test_a_time_that_runs_backwards_is_found(told):
    told.change(7, created_at=1)
    assert refused(told, "7: earlier than the one before it")


def test_an_ordinal_that_skips_is_found(told):
    told.change(10, ordinal=5)
    assert refused(told, "10: ordinal 5, not 4")


def test_answers_in_another_order_than_things_were_said_are_found(told):
    kept = told.people[BO].record.kept[ROOM]
    kept.seqs[0], kept.seqs[1] = kept.seqs[1], kept.seqs[0]
    kept.keys[0], kept.keys[1] = kept.keys[1], kept.keys[0]
    assert refused(told, "was said after 4")


# Changes


def test_a_change_after_a_recall_is_found(told):
    told.change(8, target_seq=2)
    assert refused(told, "changes 2, which was recalled before")


def test_an_edit_of_another_s_message_is_found(told):
    told.change(3, actor_id=BO)
    assert refused(told, "3: edits another's message")


def test_a_message_that_does_not_know_its_last_change_is_found(told):
    told.change(1, changed_seq=3)
    assert refused(told, "1: changed by 3, not by 8")


def test_a_change_of_what_does_not_exist_is_found(told):
    told.change(3, target_seq=44)
    assert refused(told, "changes 44, which is no message before it")


def test_an_edit_that_is_not_shown_is_found(told):
    told.show(1, "一", changed_seq=8, edited_at=1_003, reactions=[["🍵", [BO, ANNA]]])
    assert refused(told, "is shown g_tea 1 as")


def test_a_recalled_message_that_still_says_something_is_found(told):
    told.show(2, "二", recalled_by=BO, changed_seq=5)
    assert refused(told, "is shown g_tea 2 as")


def test_a_recall_that_is_not_shown_is_found(told):
    told.show(2, "二", changed_seq=5)
    assert refused(told, "is shown g_tea 2 as")


def test_a_reaction_that_is_not_shown_is_found(told):
    told.show(1, "一！", changed_seq=8, edited_at=1_003, reactions=[["🍵", [ANNA]]])
    assert refused(told, "is shown g_tea 1 as")


def test_a_reaction_that_was_taken_back_and_is_shown_is_found(told):
    told.change(8, state=json.dumps({"fields": {"emoji": "🍵", "on": False}}), actor_id=BO)
    assert refused(told, "is shown g_tea 1 as")


# Who may see what


def test_an_entry_seen_before_joining_is_found(told):
    told.seen(CHEN, 5, digest(1_005, BO, 2))
    assert refused(told, "d_chen saw g_tea 5, which is not theirs to see")


def test_an_entry_seen_after_leaving_is_found(told):
    told.seen(CHEN, 10, digest(1_010, BO, 0))
    assert refused(told, "d_chen saw g_tea 10, which is not theirs to see")


def test_an_entry_seen_by_somebody_who_was_never_in_it_is_found(told):
    del told.members[CHEN]
    assert refused(told, "d_chen saw g_tea 7, which is not theirs to see")


def test_another_entry_seen_than_is_stored_is_found(told):
    told.seen(BO, 10, digest(1_010, ANNA, 0))
    assert refused(told, "d_bo saw another g_tea 10 than is stored")


def test_a_message_loaded_from_before_joining_is_found(told):
    told.members[CHEN] = [[6, 0]]
    told.audits[CHEN] = Audit("fresh chen", CHEN, dict(told.audits[ANNA].rows))
    told.audits[CHEN].read(ROOM, [told.message(1, "一！")])
    assert refused(told, "fresh chen is shown g_tea 1, which is not theirs to see")


def test_a_member_whom_the_log_saw_leave_is_found(told):
    told.members[CHEN] = [[6, 0]]
    assert refused(told, "u_chen was in it [[6, 0]] by the table, [[6, 9]] by the log")


def test_a_conversation_that_is_listed_after_leaving_is_found(told):
    told.audits[CHEN] = Audit("fresh chen", CHEN, dict(told.audits[ANNA].rows))
    assert refused(told, "fresh chen: g_tea is listed, their time in it [[6, 9]]")


def test_a_conversation_that_is_missing_in_the_list_is_found(told):
    told.audits[ANNA].rows.clear()
    assert refused(told, "fresh u_anna: g_tea is not listed")


# Marks and counts


def test_an_unread_count_that_the_log_does_not_give_is_found(told):
    told.audits[ANNA].rows[ROOM] = {**told.audits[ANNA].rows[ROOM], "unread": 3}
    assert refused(told, "unread 3, by the log 2")


def test_a_peer_who_is_shown_to_have_read_more_than_they_have_is_found(told):
    del told.members[CHEN]
    told.audits[BO].rows[ROOM] = {**told.audits[BO].rows[ROOM], "peer_read_seq": 6}
    assert refused(told, "is shown as read to 6, the other has read to 5")


@pytest.mark.parametrize("name", ["read_seq", "peer_read_seq"])
def test_a_mark_that_goes_back_on_a_device_is_found(told, name):
    told.watch(BO).row(ROOM, {"inbox": {name: 7}})
    told.watch(BO).row(ROOM, {"inbox": {name: 6}})
    assert refused(told, f"d_bo: g_tea: {name} went back from 7 to 6")


def test_a_mark_begins_anew_when_one_joins_again(told):
    told.watch(CHEN).rows({ROOM: {"inbox": {"read_seq": 7}}})
    told.watch(CHEN).rows({})
    told.watch(CHEN).rows({ROOM: {"inbox": {"read_seq": 6}}})
    assert told.faults() == []


# How it came


@pytest.mark.parametrize("seqs", [(4, 3), (4, 4)])
def test_pushes_out_of_order_are_found(told, seqs):
    for seq in seqs:
        told.watch(BO).pushed({"type": "message_sent", "conversation_id": ROOM, "seq": seq})
    assert refused(told, f"d_bo: g_tea {seqs[1]} was pushed after 4")


def test_on_a_new_connection_pushes_may_come_again(told):
    told.watch(BO).pushed({"type": "message_sent", "conversation_id": ROOM, "seq": 4})
    told.watch(BO).connected()
    told.watch(BO).pushed({"type": "message_sent", "conversation_id": ROOM, "seq": 3})
    assert told.faults() == []


def test_an_entry_that_a_consumer_was_not_given_is_found(told):
    told.given = [(ROOM, 1, 4), (ROOM, 6, 10)]
    assert refused(told, "the consumer was given 6 after 4")


def test_an_entry_that_a_consumer_was_given_twice_is_found(told):
    told.given = [(ROOM, 1, 4), (ROOM, 4, 10)]
    assert refused(told, "the consumer was given 4 again after 4")


def test_a_consumer_that_never_came_to_the_end_is_found(told):
    told.given = [(ROOM, 1, 4)]
    assert refused(told, "the consumer was given entries to 4 of 10")


# Screens


def test_a_screen_that_differs_from_a_fresh_one_is_found():
    log = {"held": 2, "messages": {1: {"seq": 1}, 2: {"seq": 2}}}
    fresh = {"rows": {ROOM: {"unread": 1}}, "logs": {ROOM: log}}
    assert difference(fresh, fresh, "d") == []
    assert difference({"rows": {ROOM: {"unread": 0}}, "logs": {ROOM: log}}, fresh, "d")
    assert difference({"rows": {**fresh["rows"], "g_old": {}}, "logs": fresh["logs"]}, fresh, "d")
    behind = {"held": 1, "messages": {1: {"seq": 1}}}
    assert len(difference({"rows": fresh["rows"], "logs": {ROOM: behind}}, fresh, "d")) == 2
