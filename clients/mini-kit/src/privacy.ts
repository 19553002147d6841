/** What the host asks an app when someone uses what touches their data for the first time. */
export interface PrivacyAnswer {
  event: 'exposureAuthorization' | 'agree' | 'disagree'
  /** Id of the button of type `agreePrivacyAuthorization` that was tapped. */
  buttonId?: string
}

type Resolve = (answer: PrivacyAnswer) => void
type Sheet = (open: boolean) => void

/** Not in every base library (2.32.3), and told to one listener alone: the last that was registered. */
interface Host {
  onNeedPrivacyAuthorization?: (listener: (resolve: Resolve) => void) => void
}

/** The calls that wait for an answer, and the sheet that asks: that of the page on screen. */
class Privacy {
  private waiting: Resolve[] = []
  private sheets: Sheet[] = []
  private listening = false

  /** The sheet asks from now on; the answer ends it. */
  show(sheet: Sheet): () => void {
    this.listen()
    this.sheets.push(sheet)
    if (this.waiting.length) this.ask()
    return () => {
      this.sheets = this.sheets.filter((other) => other !== sheet)
    }
  }

  answer(answer: PrivacyAnswer): void {
    const { waiting } = this
    this.waiting = []
    waiting.forEach((resolve) => resolve(answer))
    this.sheets.forEach((sheet) => sheet(false))
  }

  private listen(): void {
    if (this.listening) return
    this.listening = true
    const host = wx as unknown as Host
    host.onNeedPrivacyAuthorization?.((resolve) => {
      this.waiting.push(resolve)
      // Two calls at once are asked for with one sheet.
      if (this.waiting.length === 1) this.ask()
    })
  }

  private ask(): void {
    const sheet = this.sheets[this.sheets.length - 1]
    if (!sheet) return
    sheet(true)
    this.waiting.forEach((resolve) => resolve({ event: 'exposureAuthorization' }))
  }
}

export const privacy = new Privacy()
