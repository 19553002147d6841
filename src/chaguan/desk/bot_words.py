"""A turn of the bot as the messages that say it. Pure: the same turn says the same, also after a crash between two of
its messages."""

from collections.abc import Mapping

from msgspec import Struct

from chaguan.desk import bot_texts, hours
from chaguan.desk.bot_rules import Turn
from chaguan.desk.routing import Facts
from chaguan.desk.shelf import parts_of
from chaguan.protocol.automation import BotSettings, FaqEntry, FaqText, Greeting, Keyword, Language
from chaguan.protocol.content import MAX_TEXT, Card, CardAction, CardLine, Content, Text
from chaguan.protocol.desk import Hours

CHOICES = "choices"
"""`object_type` of a card whose buttons are answers. A tap says the value of the line whose label is the action's id,
or the action's label where there is none."""
MAX_VALUE = 200


class Setting(Struct, kw_only=True):
    """What a bot speaks from: its settings, the shop's list, where the customer came from, and the time."""

    bot: BotSettings
    entries: Mapping[str, FaqEntry]
    facts: Facts
    hours: Hours
    at: int

    def text(self, ref: str) -> FaqText | None:
        entry_id, language = parts_of(ref)
        entry = self.entries.get(entry_id)
        return entry.texts.get(language) if entry else None


def said_in(turn: Turn, setting: Setting) -> list[Content]:
    """At most five messages: so many WeChat allows for each of a customer's."""
    told = _told(turn, setting)
    if not turn.greets or turn.kind == "greet":
        return told
    greeting = greeting_of(turn.language, setting)
    match told:
        case [Text() as first, *more] if len(greeting) + len(first.text) + 2 <= MAX_TEXT:
            return [Text(f"{greeting}\n\n{first.text}"), *more]
    return [Text(greeting), *told]


def _told(turn: Turn, setting: Setting) -> list[Content]:
    language, bot = turn.language, setting.bot
    match turn.kind:
        case "greet":
            return [Text(greeting_of(language, setting))]
        case "answer":
            return _answer(turn, setting)
        case "offer":
            return _offer(turn, setting)
        case "keyword":
            return _keyword(turn, setting)
        case "thanks":
            return [Text(bot_texts.THANKS[language])]
        case "again":
            return [Text(bot_texts.in_(language, bot.not_understood, bot_texts.NOT_UNDERSTOOD))]
    return [Text(_handing_over(language, setting))]


def greeting_of(language: Language, setting: Setting) -> str:
    found = next((each for each in setting.bot.greetings if fits(each, setting.facts)), None)
    texts = found.texts if found else {}
    if found and found.closed_texts and not hours.is_open(setting.hours, setting.at):
        texts = found.closed_texts
    return bot_texts.in_(language, texts, bot_texts.GREETING)


def fits(greeting: Greeting, facts: Facts) -> bool:
    of_app = not greeting.apps or facts.app_id in greeting.apps
    return of_app and (not greeting.pages or any(facts.page.startswith(page) for page in greeting.pages))


def _answer(turn: Turn, setting: Setting) -> list[Content]:
    entry_id, _ = parts_of(turn.refs[0])
    text, entry = setting.text(turn.refs[0]), setting.entries.get(entry_id)
    if text is None or entry is None:
        # Removed a moment ago.
        return [Text(bot_texts.in_(turn.language, setting.bot.not_understood, bot_texts.NOT_UNDERSTOOD))]
    return [Text(text.answer), *entry.contents, _was_it(turn.language)]


def _was_it(language: Language) -> Card:
    yes, no, human = (texts[language] for texts in (bot_texts.YES, bot_texts.NO, bot_texts.HUMAN))
    title = bot_texts.WAS_IT[language]
    how = bot_texts.REPLY_WITH_NUMBER[language]
    return Card(
        title,
        object_type=CHOICES,
        actions=[CardAction("yes", yes), CardAction("no", no), CardAction("human", human)],
        fallback=f"{title}\n1 {yes}\n2 {no}\n0 {human}\n{how}",
    )


def _offer(turn: Turn, setting: Setting) -> list[Content]:
    language = turn.language
    questions = [text.question if (text := setting.text(ref)) else "…" for ref in turn.refs]
    numbered = [(str(place), question) for place, question in enumerate(questions, 1)]
    title, human = bot_texts.OFFER[language], bot_texts.HUMAN[language]
    lines = "\n".join(f"{number} {question[:120]}" for number, question in numbered)
    card = Card(
        title,
        object_type=CHOICES,
        lines=[CardLine(number, question[:MAX_VALUE]) for number, question in numbered],
        actions=[*(CardAction(number, number) for number, _ in numbered), CardAction("human", human)],
        fallback=f"{title}\n{lines}\n0 {human}\n{bot_texts.REPLY_WITH_NUMBER[language]}",
    )
    return [card]


def _keyword(turn: Turn, setting: Setting) -> list[Content]:
    keyword = keyword_of(turn, setting.bot)
    if keyword is None:
        return [Text(bot_texts.in_(turn.language, setting.bot.not_understood, bot_texts.NOT_UNDERSTOOD))]
    return [Text(bot_texts.in_(turn.language, keyword.texts)), *keyword.contents]


def keyword_of(turn: Turn, bot: BotSettings) -> Keyword | None:
    return bot.keywords[turn.keyword] if 0 <= turn.keyword < len(bot.keywords) else None


def _handing_over(language: Language, setting: Setting) -> str:
    text = bot_texts.in_(language, setting.bot.handing_over, bot_texts.HANDING_OVER)
    if hours.is_open(setting.hours, setting.at):
        return text
    opens_at = hours.next_opening(setting.hours, setting.at)
    return f"{text}\n{bot_texts.closed(language, opens_at, setting.hours.timezone)}"
