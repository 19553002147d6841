import fc from 'fast-check'

export const ME = 'ann'
export const OTHERS = ['bob', 'eve']

/** One step of a story. Numbers choose among what there is at that moment. */
export type Step =
  | {
      do:
        | 'say'
        | 'edit'
        | 'recall'
        | 'react'
        | 'erase'
        | 'rename'
        | 'hidden'
        | 'floor'
        | 'leave'
        | 'join'
        | 'vanish'
        | 'inbox'
        | 'peerRead'
      where: number
      which: number
      who: number
    }
  | {
      do: 'send' | 'read' | 'open' | 'older' | 'around' | 'newer' | 'end' | 'pin' | 'mute'
      where: number
      which: number
    }
  | {
      do:
        'create' | 'loadMore' | 'restart' | 'silentCut' | 'cut' | 'die' | 'suspend' | 'backup' | 'restore' | 'hideShow'
      where: number
    }
  | { do: 'link'; mode: 'drop' | 'twice' | 'swap' | 'late' | 'slow' | 'fine' }
  | { do: 'wait'; ms: number }

const small = fc.nat({ max: 9 })
const say = (names: readonly string[]) =>
  fc.record({
    do: fc.constantFrom(...names),
    where: small,
    which: small,
    who: fc.nat({ max: 2 }),
  }) as fc.Arbitrary<Step>

export const story = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: say(['say']) },
    {
      weight: 6,
      arbitrary: say([
        'edit',
        'recall',
        'react',
        'erase',
        'rename',
        'hidden',
        'floor',
        'leave',
        'join',
        'vanish',
        'inbox',
        'peerRead',
      ]),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constantFrom('send', 'read', 'open', 'older', 'around', 'newer', 'end', 'pin', 'mute'),
        where: small,
        which: small,
      }) as fc.Arbitrary<Step>,
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom(
          'create',
          'loadMore',
          'restart',
          'silentCut',
          'cut',
          'die',
          'suspend',
          'backup',
          'restore',
          'hideShow',
        ),
        where: small,
      }) as fc.Arbitrary<Step>,
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('link'),
        mode: fc.constantFrom('drop', 'twice', 'swap', 'late', 'slow', 'fine'),
      }) as fc.Arbitrary<Step>,
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('wait'),
        ms: fc.constantFrom(1, 7, 20, 400, 3000, 60_000),
      }) as fc.Arbitrary<Step>,
    },
  ),
  { minLength: 5, maxLength: 60 },
)
