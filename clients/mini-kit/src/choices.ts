/** Cards that ask something: their buttons are answers. */
interface Choices {
  type: string
  lines: readonly { label: string; value: string }[]
  actions: readonly { id: string; label: string }[]
}

/** What a tap on a button says as the customer; empty where the card asks nothing. */
export function saidByTap(card: Choices | null | undefined, action: string): string {
  if (card?.type !== 'choices') return ''
  const line = card.lines.find(({ label }) => label === action)
  return line?.value || card.actions.find(({ id }) => id === action)?.label || ''
}
