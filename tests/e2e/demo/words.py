"""What the tests look for on the screens, in both languages."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    locale: str
    tea: str
    contact: str
    send: str
    suggest: str
    more: str
    album: str
    voice_mode: str
    hold: str
    play: str
    read: str
    taken: str
    ended: str
    take: str
    took: str
    resolve: str
    pictures: str
    record: str
    recording: str
    send_voice: str
    card: str
    card_title: str
    card_submit: str
    buy: str
    context: str
    typing: str
    peer_typing: str
    messages_tab: str
    waiting: str
    mine: str
    recall: str
    more_actions: str
    reply: str
    recalled: str
    paid: str
    add_cart: str
    added: str
    emoji: str
    text_size: str
    order_number: str


ZH = Words(
    locale="zh-CN",
    tea="清香铁观音",
    contact="联系客服",
    send="发送",
    suggest="发给客服",
    more="更多功能",
    album="照片",
    voice_mode="语音输入",
    hold="按住 说话",
    play="播放语音",
    read="已读",
    taken="小梅 为您服务",
    ended="本次咨询已结束",
    take="接待",
    took="接待了这次咨询",
    resolve="结束咨询",
    pictures="发送图片",
    record="录语音",
    recording="正在录音 {n} 秒",
    send_voice="发送语音",
    card="发送卡片",
    card_title="标题",
    card_submit="发送卡片",
    buy="立即购买",
    context="客人资料",
    typing="正在输入",
    peer_typing="对方正在输入",
    messages_tab="消息",
    waiting="等待中",
    mine="我接待的",
    recall="撤回",
    more_actions="更多操作",
    reply="回复",
    recalled="撤回了一条消息",
    paid="待发货",
    add_cart="加入购物车",
    added="已加入购物车",
    emoji="表情",
    text_size="聊天字号",
    order_number="订单号",
)
EN = Words(
    locale="en-GB",
    tea="Tieguanyin",
    contact="Chat",
    send="Send",
    suggest="Send",
    more="More",
    album="Photos",
    voice_mode="Voice input",
    hold="Hold to talk",
    play="Play voice message",
    read="Read",
    taken="小梅 is here to help",
    ended="This consultation has ended",
    take="Take",
    took="took this consultation",
    resolve="Resolve",
    pictures="Send pictures",
    record="Record voice",
    recording="Recording {n} s",
    send_voice="Send voice",
    card="Send a card",
    card_title="Title",
    card_submit="Send card",
    buy="Buy now",
    context="Customer",
    typing="typing",
    peer_typing="Typing",
    messages_tab="Chats",
    waiting="Waiting",
    mine="Mine",
    recall="Recall",
    more_actions="More actions",
    reply="Reply",
    recalled="recalled a message",
    paid="To ship",
    add_cart="Add to cart",
    added="In your cart",
    emoji="Emoji",
    text_size="Text size in chats",
    order_number="Number",
)
