"""What the people of the play read on their screens, and what they say, in both languages."""

from dataclasses import dataclass

from tests.e2e.widget.street import SAID_EN, SAID_ZH, Said


@dataclass(frozen=True)
class Lines:
    """What is said. No line is part of another: each is looked for by its words."""

    on_wechat: str
    to_wechat: str
    on_phone: str
    to_phone: str
    note: str
    whisper: str
    handover: str
    after_handover: str
    to_visitor: str
    praise: str
    once_more: str


@dataclass(frozen=True)
class Tongue:
    """`said` are the words of the widget; its `desk` are those of phone and console that other stages know."""

    said: Said
    lines: Lines
    # The customer's side.
    zhixia: str
    second: str
    next: str
    bot: str
    serves: str
    question: str
    answer: str
    human: str
    passing: str
    rate: str
    rate_title: str
    stars: str
    quick: str
    submit: str
    thanks: str
    change: str
    unsolved: str
    # The console.
    qing: str
    queue: str
    online_choice: str
    online: str
    all: str
    place: str
    serving: str
    only_to: str
    whispered_to: str
    pass_on: str
    find: str
    pass_note: str
    pass_to: str
    customer: str
    history: str
    passed: str
    handed_over: str
    asked_for_person: str
    rated: str
    stars_told: str
    reopened: str
    budget: str
    bot_first: str
    ask: str
    asked_otherwise: str
    save: str
    saved: str
    agent: str
    star_cell: str
    nothing: str
    # The wall.
    waiting: str
    open: str
    first_reply: str
    resolved: str
    abandoned: str
    rating: str


FAQ = (
    {
        "zh-CN": ("退款多久到账？", "审核后三天内原路退回。"),
        "en": ("How long does a refund take?", "Within three days, to the card you paid with."),
    },
    {
        "zh-CN": ("满多少包邮？", "满 99 元包邮，偏远地区除外。"),
        "en": ("When is shipping free?", "From ¥99 on, but for remote places."),
    },
    {
        "zh-CN": ("绿茶用多少度的水泡？", "八十度左右，水开后晾两分钟。"),
        "en": ("How hot should water for green tea be?", "About 80 °C: let it stand for two minutes."),
    },
    {
        "zh-CN": ("茶叶怎么保存？", "密封、避光、放冰箱，一年内喝完最好。"),
        "en": ("How do I store tea?", "Sealed, dark and cool. It is best within a year."),
    },
)

ZH = Tongue(
    said=SAID_ZH,
    lines=Lines(
        on_wechat="礼盒今天能发货吗？",
        to_wechat="可以，下午四点前的单今天发。",
        on_phone="收到的铁观音有一罐漏气了",
        to_phone="抱歉给您添麻烦了，请稍等，我查一下这一批。",
        note="这批罐子上周也有客人说漏气",
        whisper="直接补发一罐，再送她一张券",
        handover="漏气的那批，请帮忙补发",
        after_handover="您好，我是售后，今天就给您补发一罐。",
        to_visitor="您的退款昨天已经提交，最晚后天到账。",
        praise="处理得很快",
        once_more="新的一罐明天送到，单号稍后发您。",
    ),
    zhixia="林知夏",
    second="第 2 位",
    next="您是下一位",
    bot="智能助手正在回答",
    serves="{name} 正在为您服务",
    question=FAQ[0]["zh-CN"][0],
    answer=FAQ[0]["zh-CN"][1],
    human="转人工",
    passing="正在为您转接人工客服",
    rate="评价",
    rate_title="这次服务怎么样？",
    stars="{n} 星",
    quick="回复很快",
    submit="提交",
    thanks="谢谢您的评价",
    change="修改评价",
    unsolved="没解决",
    qing="阿青",
    queue="门店咨询",
    online_choice="会分到新咨询",
    online="在线",
    all="全部",
    place="排第 {n} 位",
    serving="{name} 接待中",
    only_to="只对 {name} 说",
    whispered_to="对 {name} 说的悄悄话",
    pass_on="转接",
    find="找同事或队列",
    pass_note="给同事的备注",
    pass_to="转给 {name}",
    customer="客人",
    history="经过",
    passed="{actor} 转给 {agent}",
    handed_over="机器人转给人工",
    asked_for_person="客人要找人工",
    rated="客人给了 {stars} 星",
    stars_told="{n} 星，共 5 星",
    reopened="客人又来了，继续这次咨询",
    budget="还可发 {n} 条",
    bot_first="机器人先接待",
    ask="提问",
    asked_otherwise="钱什么时候退回来",
    save="保存",
    saved="已保存",
    agent="客服",
    star_cell="{stars} 星（{count}）",
    nothing="—",
    waiting="等待中",
    open="接待中",
    first_reply="今日首次回复",
    resolved="今日解决",
    abandoned="今日放弃",
    rating="今日评价",
)
EN = Tongue(
    said=SAID_EN,
    lines=Lines(
        on_wechat="Can the gift box leave today?",
        to_wechat="It can: orders before four leave the same day.",
        on_phone="One tin of my Tieguanyin came with a broken seal",
        to_phone="I am sorry about that. One moment, I am looking at that batch.",
        note="Somebody else had a broken seal from this batch",
        whisper="Send her another tin, and a coupon",
        handover="A broken seal again, please send another tin",
        after_handover="Hello, another tin leaves for you today.",
        to_visitor="We sent your refund yesterday; it arrives by Thursday.",
        praise="That went quickly",
        once_more="The new tin arrives tomorrow.",
    ),
    zhixia="Lin Zhixia",
    second="2nd in line",
    next="You are next",
    bot="The assistant answers",
    serves="{name} is here for you",
    question=FAQ[0]["en"][0],
    answer=FAQ[0]["en"][1],
    human="Talk to a person",
    passing="passing you on to a person",
    rate="Rate",
    rate_title="How did we do?",
    stars="{n} of 5",
    quick="Quick replies",
    submit="Send",
    thanks="Thank you for rating",
    change="Change rating",
    unsolved="Not solved",
    qing="Qing",
    queue="Shop floor",
    online_choice="You are given new cases",
    online="Online",
    all="All",
    place="No. {n} in line",
    serving="With {name}",
    only_to="Only to {name}",
    whispered_to="Whispered to {name}",
    pass_on="Pass on",
    find="Find a colleague or a queue",
    pass_note="Note for colleagues",
    pass_to="Pass on to {name}",
    customer="Customer",
    history="History",
    passed="{actor} passed it on to {agent}",
    handed_over="The bot handed over",
    asked_for_person="The customer asked for a person",
    rated="The customer gave {stars} stars",
    stars_told="{n} of 5 stars",
    reopened="The customer came back to it",
    budget="{n} left until",
    bot_first="The bot answers first",
    ask="Ask",
    asked_otherwise="When do I get my money back?",
    save="Save",
    saved="Saved",
    agent="Agent",
    star_cell="{stars} stars ({count})",
    nothing="–",
    waiting="Waiting",
    open="In conversation",
    first_reply="First reply today",
    resolved="Resolved today",
    abandoned="Abandoned today",
    rating="Rating today",
)


@dataclass(frozen=True)
class Cast:
    """Who of them reads which language."""

    name: str
    mei: Tongue
    qing: Tongue
    boss: Tongue
    phone: Tongue
    web: Tongue


MIXED = Cast("mixed", mei=ZH, qing=EN, boss=EN, phone=ZH, web=EN)
ALL_ZH = Cast("zh-CN", ZH, ZH, ZH, ZH, ZH)
ALL_EN = Cast("en", EN, EN, EN, EN, EN)
