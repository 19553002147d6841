// The few calls of a phone that the kit makes outside of components, without a phone.
export interface Audio {
  src: string
  currentTime: number
  played: string[]
  end(): void
  fail(): void
  move(seconds: number): void
}

export interface PhoneHost {
  audio: Audio
  stored: Map<string, unknown>
  options: { speakerOn?: boolean }[]
}

/** Puts `wx` into the global scope and answers with what can be done to it. */
export function phoneHost(): PhoneHost {
  const listeners: Record<string, () => void> = {}
  const stored = new Map<string, unknown>()
  const options: { speakerOn?: boolean }[] = []
  const audio: Audio = {
    src: '',
    currentTime: 0,
    played: [],
    end: () => listeners['ended']?.(),
    fail: () => listeners['error']?.(),
    move(seconds) {
      audio.currentTime = seconds
      listeners['time']?.()
    },
  }
  const context = Object.assign(audio, {
    play: () => audio.played.push(audio.src),
    stop: () => undefined,
    onEnded: (listener: () => void) => (listeners['ended'] = listener),
    onError: (listener: () => void) => (listeners['error'] = listener),
    onTimeUpdate: (listener: () => void) => (listeners['time'] = listener),
  })
  const wx = {
    getAppBaseInfo: () => ({ language: 'zh_CN' }),
    createInnerAudioContext: () => context,
    setInnerAudioOption: (option: { speakerOn?: boolean }) => options.push(option),
    getStorageSync: (key: string) => stored.get(key) ?? '',
    // As the host does it: what is kept is another object than what was given.
    setStorage: ({ key, data }: { key: string; data: unknown }) =>
      stored.set(key, JSON.parse(JSON.stringify(data)) as unknown),
    removeStorage: ({ key }: { key: string }) => stored.delete(key),
  }
  Object.assign(globalThis, { wx })
  return { audio, stored, options }
}
