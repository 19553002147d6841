import type { Host } from './worlds'

/** What a host can't do, whatever its adapter does; said below the table. */
export const LACKS: Record<string, { hosts: Host[]; because: string }> = {
  'tells it with its code and reason': {
    hosts: ['Alipay', 'uni-app over Alipay'],
    because:
      'The close event that Alipay documents says neither; what it says is used, else the code is 1006. The client then connects anew, and the answer to its hello says why.',
  },
  'sends PATCH': {
    hosts: ['Alipay', 'uni-app over Alipay'],
    because:
      '`PATCH` is not among the methods of `my.request`. The SDK itself never sends it; `im.http` would be refused.',
  },
  'rejects with words what does not fit': { hosts: ['Node'], because: 'Storage in memory has no limit.' },
  'tells when it is shown and hidden, until that is not wanted any more': {
    hosts: ['Node'],
    because: 'A process is neither shown nor hidden.',
  },
  'tells when the network goes and comes, until that is not wanted any more': {
    hosts: ['Node'],
    because: 'Node does not tell.',
  },
  'shows a file that is not uploaded yet': { hosts: ['Node'], because: 'There is nothing to show it in.' },
}
