"""What the bot says and which words it knows by itself, in both languages. A shop's own texts come before these."""

from datetime import datetime
from zoneinfo import ZoneInfo

from chaguan.protocol.automation import Language, Texts

GREETING: Texts = {
    "zh-CN": "您好，我是智能客服，请直接说您的问题；需要人工请回复“转人工”。",
    "en": "Hello, I'm the shop's assistant. Just ask; for a person, say “human please”.",
}
NOT_UNDERSTOOD: Texts = {
    "zh-CN": "抱歉，我没有理解。请换个说法再问一次，或回复“转人工”。",
    "en": "Sorry, I didn't get that. Please put it another way, or say “human please”.",
}
HANDING_OVER: Texts = {
    "zh-CN": "好的，正在为您转接人工客服，请稍候。",
    "en": "All right, I'm passing you on to a person. One moment, please.",
}
CLOSED: Texts = {
    "zh-CN": "现在不是工作时间，上班后会尽快回复您。",
    "en": "Nobody is here at the moment; you'll get an answer as soon as the shop is open.",
}
CLOSED_UNTIL: Texts = {
    "zh-CN": "现在不是工作时间，{when} 上班后会尽快回复您。",
    "en": "Nobody is here at the moment; the shop opens {when}, and you'll get an answer then.",
}
THANKS: Texts = {
    "zh-CN": "很高兴能帮到您！还有其他问题请直接说。",
    "en": "Glad that helped! If there is anything else, just ask.",
}
WAS_IT: Texts = {"zh-CN": "这个回答解决您的问题了吗？", "en": "Did this answer your question?"}
YES: Texts = {"zh-CN": "解决了", "en": "Yes"}
NO: Texts = {"zh-CN": "没有", "en": "No"}
OFFER: Texts = {"zh-CN": "您是想问：", "en": "Did you mean:"}
HUMAN: Texts = {"zh-CN": "转人工", "en": "Talk to a person"}
REPLY_WITH_NUMBER: Texts = {"zh-CN": "请回复数字", "en": "Reply with a number"}
WARNING: Texts = {
    "zh-CN": "您还在吗？如果 {minutes} 分钟内没有新消息，本次会话将自动结束。",
    "en": "Are you still there? Without a message this conversation ends by itself in {minutes} min.",
}
FAREWELL: Texts = {
    "zh-CN": "长时间没有收到您的消息，本次会话已结束。随时发消息即可再次咨询。",
    "en": "We haven't heard from you for a while, so this conversation has ended. Write any time to go on.",
}

HUMAN_WORDS = frozenset(
    [
        "人工",
        "转人工",
        "人工客服",
        "转人工客服",
        "找人工",
        "要人工",
        "我要人工",
        "接人工",
        "真人",
        "真人客服",
        "找客服",
        "转客服",
        "找真人",
        "人工服务",
        "转接人工",
        "human",
        "agent",
        "operator",
        "person",
        "representative",
        "staff",
    ]
)
"""All that was said is one of these …"""
HUMAN_PHRASES = (
    "转人工",
    "转接人工",
    "人工客服",
    "真人客服",
    "找人工",
    "要人工",
    "接人工",
    "找真人",
    "human please",
    "human agent",
    "real person",
    "real human",
    "live agent",
    "talk to a person",
    "talk to a human",
    "talk to someone",
    "speak to a person",
    "speak to a human",
    "speak to someone",
    "speak with someone",
    "customer service representative",
)
"""… or contains one of these."""
HELLOS = frozenset(
    [
        "你好",
        "您好",
        "在吗",
        "在么",
        "在不在",
        "有人吗",
        "有人么",
        "哈喽",
        "嗨",
        "你好在吗",
        "您好在吗",
        "hi",
        "hello",
        "hey",
        "hallo",
    ]
) | {"hello there", "hi there", "good morning", "good afternoon", "good evening", "anyone there"}
YES_WORDS = frozenset(
    [
        "是",
        "是的",
        "对",
        "对的",
        "好",
        "好的",
        "可以",
        "解决了",
        "解决",
        "有用",
        "谢谢",
        "谢谢你",
        "多谢",
        "嗯",
        "嗯嗯",
        "明白了",
        "明白",
        "知道了",
        "ok",
        "okay",
        "yes",
        "y",
        "yep",
        "yeah",
        "thanks",
        "solved",
        "1",
    ]
) | {"thank you", "it did", "yes thanks", "yes it did", "got it"}
NO_WORDS = frozenset(
    [
        "否",
        "不",
        "不是",
        "不是的",
        "不对",
        "没有",
        "没",
        "没解决",
        "没有解决",
        "没用",
        "不是这个",
        "都不是",
        "以上都不是",
        "no",
        "n",
        "nope",
        "nah",
        "none",
        "2",
    ]
) | {"not really", "none of these", "it did not", "it didn't", "no it didn't"}
_DAYS: dict[Language, tuple[str, ...]] = {
    "zh-CN": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("on Monday", "on Tuesday", "on Wednesday", "on Thursday", "on Friday", "on Saturday", "on Sunday"),
}


def language_of(text: str, before: Language = "zh-CN") -> Language:
    """What somebody writes; what they wrote before where a text does not tell, as a number does not."""
    if any("\u2e80" <= sign <= "\u9fff" for sign in text):
        return "zh-CN"
    return "en" if any(sign.isascii() and sign.isalpha() for sign in text) else before


def in_(language: Language, *choices: Texts) -> str:
    """Of the first that says anything: in this language, else in the one it has."""
    for texts in choices:
        if texts:
            return texts.get(language) or next(iter(texts.values()))
    return ""


def closed(language: Language, opens_at: int, timezone: str) -> str:
    if not opens_at:
        return CLOSED[language]
    here = datetime.fromtimestamp(opens_at / 1000, ZoneInfo(timezone))
    day = _DAYS[language][here.weekday()]
    when = f"{day} {here:%H:%M}" if language == "zh-CN" else f"{day} at {here:%H:%M}"
    return CLOSED_UNTIL[language].format(when=when)
