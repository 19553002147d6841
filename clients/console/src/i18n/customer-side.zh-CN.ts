/** What customers said of us, and who waits to be called back. */
export const customerSideZh = {
  callbacks: {
    title: '留言',
    intro: '没有等待、留下消息的顾客。接手后就是您的会话，结束会话即为完成。',
    empty: '没有待回复的留言',
    emptyHint: '顾客可以在排队时或休息时间留言，会出现在这里',
    failed: '没能读取留言',
    due: '应回复时间',
    overdue: '已超时',
    left: '留言时间',
    contact: '联系方式',
    noContact: '未留联系方式，请在会话中回复',
    take: '接手回复',
    taken: '已被 {name} 接手',
    gone: '顾客已经回来，或另有会话进行中',
    noPlace: '您的接待数已满',
    someone: '同事',
  },
  rating: {
    title: '顾客评价',
    stars: '{n} 星，共 5 星',
    changed: '{at}（修改过）',
    callback: '请回复留言',
  },
}
