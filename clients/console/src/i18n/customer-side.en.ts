import type { customerSideZh } from './customer-side.zh-CN'

export const customerSideEn: typeof customerSideZh = {
  callbacks: {
    title: 'Call-backs',
    intro:
      'Customers who left a message instead of waiting. Take one and it is your conversation; resolve it when done.',
    empty: 'Nobody waits to be called back',
    emptyHint: 'Customers can leave a message while they wait or while you are closed; it appears here',
    failed: 'The messages could not be loaded',
    due: 'Due',
    overdue: 'overdue',
    left: 'Left',
    contact: 'Contact',
    noContact: 'No contact left; answer in the conversation',
    take: 'Take and answer',
    taken: '{name} was faster',
    gone: 'The customer is back, or has another case open',
    noPlace: 'You have no place left',
    someone: 'A colleague',
  },
  rating: {
    title: 'Rating',
    stars: '{n} of 5 stars',
    changed: '{at} (changed)',
    callback: 'Wants to be called back',
  },
}
