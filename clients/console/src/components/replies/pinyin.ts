/**
 * The first letters of how Chinese is read, without a dictionary: browsers sort Chinese by its sound, so the last of
 * these characters that does not sort behind another tells its first letter. Characters of several readings get the
 * commonest. Pure.
 */
const LETTERS = 'abcdefghjklmnopqrstwxyz'
/** The first character of each letter in the order of sounds. */
const FIRSTS = [...'阿八嚓哒妸发旮哈讥咔垃呣拏噢妑七呥仨他屲夕丫帀']

const bySound = new Intl.Collator('zh-Hans-CN-u-co-pinyin')
const known = new Map<string, string>()

/** `您好 VIP` as `nhvip`: a letter for each Chinese character, other letters and digits as they are. */
export function initials(text: string): string {
  return [...text.toLowerCase()].map(initial).join('')
}

function initial(sign: string): string {
  if (/[a-z0-9]/.test(sign)) return sign
  if (!/\p{Script=Han}/u.test(sign)) return ''
  let letter = known.get(sign)
  if (letter === undefined) known.set(sign, (letter = letterOf(sign)))
  return letter
}

function letterOf(sign: string): string {
  let low = 0
  let high = FIRSTS.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (bySound.compare(FIRSTS[middle]!, sign) <= 0) low = middle + 1
    else high = middle
  }
  return LETTERS[low - 1] ?? ''
}
