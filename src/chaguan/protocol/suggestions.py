"""Answers of a shop's list, shown while somebody is still typing. See `commands` for what commands have in common."""

from typing import Annotated

from msgspec import Meta, Struct

from chaguan.protocol.content import Id
from chaguan.protocol.envelope import Language, Number


class SuggestAnswers(Struct, tag="suggest_answers", tag_field="type", kw_only=True, omit_defaults=True):
    """Which of the shop's published answers fit what stands in the field, not sent yet, of a service conversation. For its
    customer and for agents. `text`: at most 300 characters; of fewer than two nothing is looked for. It is neither
    stored nor logged. Answered with `SuggestedAnswers`.

    Ask when nothing was typed for 300 ms, never at each key. One user may ask 20 times at once and then twice a second
    (`rate_limited`); all who type get a fifth of a core of each server process (`unavailable`). Both name
    `retry_after_ms`: do without until then. Further errors: `not_found`, `bad_request` (not a service conversation)."""

    id: Number
    conversation_id: Id
    text: Annotated[str, Meta(max_length=300)]


class SuggestedAnswer(Struct):
    """A question of the list with its answer, in the language of the text that was found. Pictures and cards of the
    entry are left out: who sends the question gets them from the bot."""

    entry_id: str
    question: str
    answer: str
    language: Language


class SuggestedAnswers(Struct, omit_defaults=True):
    """The likeliest first, at most three. `off`: there is nothing to suggest from here, whatever is typed; ask no more
    while the conversation is open. `human`: said below a question, it brings a person and not the bot; empty where
    people answer anyway."""

    answers: list[SuggestedAnswer] = []
    off: bool = False
    human: str = ""
