// Faces: a disc, eyes, a mouth, and what else there is. The grid is 24 by 24.
import { BLUE, BROWN, RED, WHITE, blob, circle, line, outlined, oval, ring } from './pen.mjs'

const SKIN = '#ffd04c'
const TONGUE = '#f4796b'
const disc = (colour = SKIN) => circle(12, 12, 10, colour)

const heart = (x, y, size) =>
  blob(
    `M${x} ${y + size}C${x - size * 1.7} ${y - size * 0.2} ${x - size * 0.8} ${y - size * 1.3} ${x} ${y - size * 0.4}C${x + size * 0.8} ${y - size * 1.3} ${x + size * 1.7} ${y - size * 0.2} ${x} ${y + size}Z`,
    RED,
  )
const pair = (draw) => draw(8.5) + draw(15.5)
const arc = (x, bend) => `M${x - 1.8} 10.2q1.8 ${bend} 3.6 0`

const EYES = {
  dots: pair((x) => oval(x, 9.8, 1.25, 1.65)),
  low: pair((x) => oval(x, 10.6, 1.25, 1.5)),
  happy: line(pair((x) => arc(x, -3))),
  shut: line(pair((x) => arc(x, 2.4))),
  tight: line('M6.7 8.3l3.2 1.7-3.2 1.7M17.3 8.3l-3.2 1.7 3.2 1.7'),
  wink: oval(8.5, 9.8, 1.25, 1.65) + line(arc(15.5, -2.6)),
  hearts: pair((x) => heart(x, 9.9, 2.2)),
  wide: pair((x) => circle(x, 9.4, 2.5, WHITE) + circle(x, 9.6, 1.15)),
  pleading: pair((x) => circle(x, 10, 2.5) + circle(x + 0.8, 9.1, 0.85, WHITE) + circle(x - 0.7, 11, 0.45, WHITE)),
  aside: pair((x) => circle(x, 9.6, 2.1, WHITE) + circle(x + 0.9, 9.3, 1.1)),
  rolled: pair((x) => circle(x, 9.4, 2.3, WHITE) + circle(x + 0.5, 8.1, 1.05)),
  angry: pair((x) => oval(x, 10.8, 1.2, 1.4)) + line('M6.2 7.6l3.8 1.8M17.8 7.6 14 9.4'),
  worried: pair((x) => oval(x, 10.6, 1.2, 1.5)) + line('M6.2 8.4q1.6-.3 2.8-1.6M17.8 8.4q-1.6-.3-2.8-1.6'),
  raised: pair((x) => oval(x, 10.4, 1.2, 1.5)) + line('M6.6 7.8h3.6M13.8 6.6q1.8-1.2 3.6-.2'),
}

const MOUTHS = {
  smile: line('M7.4 14a5.2 5.2 0 0 0 9.2 0'),
  slight: line('M8.6 14.8q3.4 2.2 6.8 0'),
  open:
    blob('M6.6 13.2h10.8a5.4 5.4 0 0 1-10.8 0Z', BROWN) + blob('M9 17.6a3.6 3.6 0 0 1 6 0 5.4 5.4 0 0 1-6 0Z', TONGUE),
  teeth: blob('M6.6 13.2h10.8a5.4 5.4 0 0 1-10.8 0Z', BROWN) + blob('M7.5 13.8h9l-.5 1.5h-8Z', WHITE),
  grid:
    blob(
      'M7.6 13h8.8a1.5 1.5 0 0 1 1.5 1.5v1.2a1.5 1.5 0 0 1-1.5 1.5H7.6a1.5 1.5 0 0 1-1.5-1.5v-1.2A1.5 1.5 0 0 1 7.6 13Z',
      WHITE,
    ) +
    line(
      'M7.6 13h8.8a1.5 1.5 0 0 1 1.5 1.5v1.2a1.5 1.5 0 0 1-1.5 1.5H7.6a1.5 1.5 0 0 1-1.5-1.5v-1.2A1.5 1.5 0 0 1 7.6 13ZM6.2 15.1h11.6M9 13v4.2M12 13v4.2M15 13v4.2',
      BROWN,
      0.7,
    ),
  flat: line('M8.4 15.2h7.2'),
  sad: line('M8 16.6a4.8 4.8 0 0 1 8 0'),
  wavy: line('M7.6 15.6q1.1-1.6 2.2 0t2.2 0 2.2 0 2.2 0'),
  small: oval(12, 15.4, 1.6, 1.9),
  big: oval(12, 15.6, 2.6, 3.2) + blob('M10 17.3a2.5 2.5 0 0 1 4 0 2.6 2.6 0 0 1-4 0Z', TONGUE),
  wail: blob('M7.8 17.8a4.3 4.3 0 0 1 8.4 0q-4.2-1.6-8.4 0Z', BROWN),
  lick:
    line('M7.4 13.8a5.2 5.2 0 0 0 9.2 0') +
    blob('M13.6 14.8l2.9-1.3c1.5 1.6.8 3.9-.8 4-1.5.1-2.2-1.3-2.1-2.7Z', TONGUE),
  tongue:
    line('M7.2 13.8h9.6') +
    blob('M9.6 13.9h4.8v2.5a2.4 2.4 0 0 1-4.8 0Z', TONGUE) +
    line('M12 14.2v1.8', '#c94f45', 0.8),
  kiss: line('M11.4 13.3q2.2.1 1.9 1.2-.2.6-1.3.7 1.3.1 1.3.9-.1 1-1.9 1', BROWN, 1.1) + heart(18.2, 16.6, 2),
  smirk: line('M8.8 15.6q4 .6 6.6-1.8'),
  clenched: line('M8 15.8q2-1.6 4-.6t4-.8'),
  pout: line('M9.2 16.2a3.4 3.4 0 0 1 5.6 0'),
}

const blush = pair((x) => oval(x < 12 ? 6 : 18, 13.4, 1.9, 1.1, '#ff8a5c', 0.75))
const drop = (x, y) => blob(`M${x} ${y}q2 2.7 1.9 4.2a1.9 1.9 0 0 1-3.8 0q0-1.5 1.9-4.2Z`, BLUE)
const stream = (x) => blob(`M${x - 1.1} 10.6h2.2v8.2l-1.1 1.4-1.1-1.2Z`, BLUE)
const puffs = line('M16.6 19.4q2.2 2.4 4.8 1.8M7.4 19.4q-2.2 2.4-4.8 1.8', '#dfe7ee', 1.8)
const hand = (path) => outlined(path, '#ffbe3d', '#d78a1c', 0.8)
const frames = line('M3 8.6h18', BROWN, 1.1)

const face = (eyes, mouth, more = '', skin = disc()) => skin + EYES[eyes] + (MOUTHS[mouth] ?? '') + more
const hot = disc('#ff8f5a')
const cold = disc('#8ecbff')

export const FACES = {
  '😀': face('dots', 'open'),
  '😄': face('happy', 'open'),
  '😁': face('happy', 'teeth'),
  '😆': face('tight', 'open'),
  '😅': face('happy', 'open', drop(19.4, 3.2)),
  '😂': face('happy', 'open', drop(3.9, 11) + drop(20.1, 11)),
  '🙂': face('dots', 'slight'),
  '😉': face('wink', 'smile'),
  '😊': face('happy', 'smile', blush),
  '🥰': face('happy', 'smile', blush + heart(4, 5, 2.2) + heart(20.4, 6.4, 1.9) + heart(18.8, 20, 2.1)),
  '😍': face('hearts', 'open'),
  '😘': face('wink', 'kiss'),
  '😋': face('happy', 'lick'),
  '😜': face('wink', 'tongue'),
  '🤗': face(
    'happy',
    'smile',
    blush +
      hand(
        'M4.6 15.2c1-.6 2 .2 2.2 1l.6 1.9q.4 3.3-2.6 3.7-2.6.2-3.4-2.4l-.5-2.2q.4-.8 1.2-.2l.6.8-.2-2q.5-1 1.3-.2Z',
      ) +
      hand(
        'M19.4 15.2c-1-.6-2 .2-2.2 1l-.6 1.9q-.4 3.3 2.6 3.7 2.6.2 3.4-2.4l.5-2.2q-.4-.8-1.2-.2l-.6.8.2-2q-.5-1-1.3-.2Z',
      ),
  ),
  '🤭': face(
    'happy',
    '',
    blush +
      hand('M7.6 15.4q4-2.6 8.6-1.4 1.4.5.9 1.6 1.3.5.7 1.8.7.9-.2 1.7-.2 1.5-1.7 1.6-4.4 1.4-7.2-.5-2.4-1.8-1.1-4.8Z'),
  ),
  '🤫': face(
    'dots',
    'small',
    hand('M11 11.8q1-1 2 0l.1 4.4q3.4-.4 3.6 1.4 1 3.4-1.6 4.9-3.2 1-5-1.2-.8-1.4.2-3.2l.6-1.6Z'),
  ),
  '🤔': face(
    'raised',
    'clenched',
    hand('M4.6 16.2q.8-1 1.8 0l1.4 1.7 3.8-.9q1.4-.1 1.2 1.2l-3 1.5q.4 2.6-1.8 3.2-2.6.4-3.6-1.6-.8-2.6.2-5.1Z'),
  ),
  '😐': face('dots', 'flat'),
  '😏': face('aside', 'smirk'),
  '🙄': face('rolled', 'flat'),
  '😬': face('dots', 'grid'),
  '😌': face('shut', 'slight'),
  '😴': face('shut', 'small', line('M16.4 2.6h3.4l-3.4 3.8h3.4M20.4 7.6h2l-2 2.3h2', '#4c7fe0', 1.2)),
  '😷': face(
    'low',
    '',
    blob('M5.6 13.4q6.4-2.6 12.8 0v4.2q-6.4 5-12.8 0Z', WHITE) +
      line('M5.6 13.4 2.6 12M18.4 13.4l3-1.4M5.8 17.4l-2-.6M18.2 17.4l2-.6M8.4 15h7.2M8.4 17h7.2', '#b9c8d6', 0.9),
  ),
  '🥵': face('worried', 'tongue', drop(20, 5), hot),
  '🥶': face('worried', 'grid', line('M5 22v-3M8.4 23v-3M15.6 23v-3M19 22v-3', WHITE, 1.2), cold),
  '🤯': face(
    'wide',
    'small',
    blob(
      'M3.4 6.4q-1.8-2.4.6-3.6 1-2.6 4-1.6 2-2 4-.4 2-1.6 4 .4 3-1 4 1.6 2.4 1.2.6 3.6l-2.6.8-2-1.4-2 1.8-2-2-2 2-2-1.8-2 1.4Z',
      '#ff7a3d',
    ) + blob('M7 4.6q.6-2.2 2.8-1.4 1-1.4 2.2-1.4t2.2 1.4q2.2-.8 2.8 1.4l-2.6-.4L12 5.6 9.6 4.2Z', '#ffd76b'),
  ),
  '😎': face(
    '',
    'smile',
    frames +
      blob('M3.6 8.2h7.6l-.4 2.6a3.2 3.2 0 0 1-6.4 0ZM12.8 8.2h7.6l-.8 2.6a3.2 3.2 0 0 1-6.4 0Z', '#2b2f38') +
      line('M5.6 9.4l1.4 2M14.8 9.4l1.4 2', '#8895a8', 0.9),
  ),
  '🤓': face(
    'dots',
    'teeth',
    ring(8.2, 9.8, 3.2, 3.2, BROWN, 1.1) + ring(15.8, 9.8, 3.2, 3.2, BROWN, 1.1) + line('M11.4 9.6h1.2', BROWN, 1.1),
  ),
  '😟': face('worried', 'sad'),
  '😮': face('dots', 'big'),
  '😳': face('wide', 'flat', blush),
  '🥺': face('pleading', 'pout'),
  '😢': face('worried', 'sad', drop(6.6, 11.6)),
  '😭': face('shut', 'wail', stream(7.6) + stream(16.4)),
  '😱': face(
    'wide',
    'big',
    hand('M2.4 12.6q1-1 1.8.2l1.4 4.4q.6 3.4-2 4.6l-2.6.6ZM21.6 12.6q-1-1-1.8.2l-1.4 4.4q-.6 3.4 2 4.6l2.6.6Z'),
  ),
  '😤': face('angry', 'sad', puffs),
  '😡': face('angry', 'sad', '', disc('#f4684a')),
}
