/** A small own set of emoji with the words they are found by, in both languages. */

export type EmojiGroup = 'faces' | 'gestures' | 'food' | 'things' | 'signs'

export const QUICK = ['👍', '❤️', '😄', '🎉', '🙏', '🍵']

/** One line per group: emoji, then its words, separated by commas. */
const SOURCE: Record<EmojiGroup, string> = {
  faces: `
😀 笑 开心 smile happy,😄 大笑 laugh,😁 露齿 grin,😆 哈哈 haha,😅 汗 sweat phew,🤣 笑倒 rofl,😂 笑哭 joy tears,🙂 微笑 slight smile,
😊 害羞 blush,😇 天使 angel,😍 喜欢 love eyes,🥰 爱 adore,😘 亲亲 kiss,😋 好吃 yum,😜 调皮 wink tongue,🤗 抱抱 hug,
🤔 思考 think,🤭 捂嘴 oops,😏 得意 smirk,😌 安心 relieved,😴 睡 sleep,🥱 困 yawn,😎 酷 cool,🤓 书呆 nerd,
😳 脸红 flushed,🥺 求 please,😢 流泪 cry,😭 大哭 sob,😤 哼 huff,😡 生气 angry,🤯 震惊 mind blown,😱 吓 scream,
😬 尴尬 grimace,🙄 白眼 eye roll,😷 口罩 mask,🤒 生病 sick,🤕 受伤 hurt,🥳 庆祝 party,😶 无语 speechless,🫡 收到 salute`,
  gestures: `
👍 赞 好 thumbs up ok,👎 不好 thumbs down,👌 可以 ok,✌️ 耶 victory,🤞 祝好运 luck,👏 鼓掌 clap,🙌 太好了 hooray,🙏 谢谢 拜托 thanks please,
🤝 握手 合作 handshake,💪 加油 strong,👋 你好 再见 wave hello bye,👉 这个 right,👈 那个 left,👆 上 up,👇 下 down,✍️ 写 write,
🫶 比心 heart hands,🙋 举手 raise hand,🤷 不知道 shrug,🙇 抱歉 bow sorry`,
  food: `
🍵 茶 tea,🫖 茶壶 teapot,☕ 咖啡 热 coffee,🧋 奶茶 bubble tea,🥤 饮料 drink,🍃 叶 leaf,🌱 芽 sprout,🌸 花 blossom,
🍋 柠檬 lemon,🍑 桃 peach,🍊 橘 陈皮 orange,🥮 月饼 mooncake,🍡 团子 dango,🍰 蛋糕 cake,🍪 饼干 cookie,🍚 饭 rice,
🍜 面 noodles,🥟 饺子 dumpling,🍎 苹果 apple,🍉 西瓜 watermelon`,
  things: `
🎁 礼物 gift,📦 包裹 快递 parcel,🚚 送货 发货 delivery,🏪 店 shop,🛒 购物车 cart,💰 钱 money,💳 卡 付款 card pay,🧾 小票 发票 receipt,
🎉 庆祝 tada,🎊 彩带 confetti,🧧 红包 red envelope,🎂 生日 birthday,📷 拍照 camera,📞 电话 phone,📍 位置 location,🗓️ 日历 calendar,
⏰ 闹钟 alarm,⏳ 等 wait hourglass,🔔 提醒 bell,📎 附件 clip,📝 记 note,🔑 钥匙 key,💡 主意 idea,🔧 修 fix`,
  signs: `
❤️ 爱 心 heart,🧡 橙心 orange heart,💚 绿心 green heart,💙 蓝心 blue heart,💔 心碎 broken heart,✨ 闪 sparkle,🔥 火 fire,⭐ 星 star,
💯 满分 hundred,✅ 完成 done check,❌ 错 no cross,❗ 注意 exclamation,❓ 问 question,⚠️ 小心 warning,🆗 行 ok,🆕 新 new,
➕ 加 plus,➖ 减 minus,🔝 顶 top,🚫 禁止 forbidden`,
}

export interface Emoji {
  char: string
  words: string
}

export const EMOJI: Record<EmojiGroup, Emoji[]> = Object.fromEntries(
  Object.entries(SOURCE).map(([group, text]) => [group, parse(text)]),
) as Record<EmojiGroup, Emoji[]> // the keys are those of SOURCE

function parse(text: string): Emoji[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean)
    .map((item) => {
      const space = item.indexOf(' ')
      return { char: item.slice(0, space), words: item.slice(space + 1) }
    })
}

export function findEmoji(query: string): Emoji[] {
  const word = query.trim().toLowerCase()
  const seen = new Set<string>()
  return Object.values(EMOJI)
    .flat()
    .filter(({ char, words }) => words.includes(word) && !seen.has(char) && seen.add(char))
}
