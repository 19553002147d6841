"""The tables themselves: whole, without a dead end nobody meant, and drawn in the documents as they are."""

from pathlib import Path

import pytest

from chaguan.commerce.machine import Machine
from chaguan.commerce.pictures import filled
from chaguan.commerce.states import MACHINES, ORDER, OrderEvent
from chaguan.core.errors import AppError
from chaguan.protocol.objects import OrderState

FINAL = {
    "order": {"refunded", "cancelled"},
    "payment": {"succeeded", "surplus", "disputed"},
    "refund": {"succeeded", "refused"},
    "shipment": {"delivered"},
}


def states_of(machine):
    return list(type(machine.first))


def events_of(machine):
    return list(type(machine.moves[0][2]))


@pytest.mark.parametrize("machine", MACHINES, ids=lambda each: each.name)
def test_every_event_in_every_state_moves_is_late_or_is_refused(machine):
    for state in states_of(machine):
        for event in events_of(machine):
            targets = [move[3] for move in machine.moves if move[1:3] == (state, event)]
            if targets:
                assert [machine.after(state, event)] == targets
            elif (state, event) in machine.late:
                assert machine.after(state, event) is state
            else:
                with pytest.raises(AppError) as refused:
                    machine.after(state, event)
                assert refused.value.data == {"reason": "not_now", "state": state.value}


@pytest.mark.parametrize("machine", MACHINES, ids=lambda each: each.name)
def test_every_state_is_reached_and_only_those_meant_to_be_are_the_end(machine):
    reached = {machine.first}
    while more := {move[3] for move in machine.moves if move[1] in reached} - reached:
        reached |= more
    assert reached == set(states_of(machine))
    assert {state.value for state in reached} - {move[1].value for move in machine.moves} == FINAL[
        machine.name
    ]


@pytest.mark.parametrize("machine", MACHINES, ids=lambda each: each.name)
def test_every_change_has_a_name_of_its_own(machine):
    names = [name for name, *_ in machine.moves]
    assert len(set(names)) == len(names)


def test_a_table_in_which_an_event_leads_to_two_places_is_no_table():
    twice = [("a", OrderState.unpaid, OrderEvent.pay, OrderState.paid)] * 2
    with pytest.raises(ValueError, match="two places"):
        Machine("order", OrderState.unpaid, twice, {})
    with pytest.raises(ValueError, match="two places"):
        Machine("order", OrderState.unpaid, twice[:1], {OrderState.unpaid: [OrderEvent.pay]})


@pytest.mark.parametrize("name", ["orders.md", "orders.zh-CN.md"])
def test_the_documents_draw_the_tables_as_they_are(name):
    page = Path("docs/explanation", name).read_text(encoding="utf-8")
    assert page.count("stateDiagram-v2") == len(MACHINES)
    assert filled(page) == page


def test_a_picture_that_lacks_a_change_would_be_noticed():
    page = Path("docs/explanation/orders.md").read_text(encoding="utf-8")
    name = ORDER.moves[2][0]
    line = f"  unpaid --> paid: {name}\n"
    assert line in page
    assert filled(page.replace(line, "")) == page
