/** Chosen for shops and everyday talk; drawn by the phone's own font, so nothing is loaded. */
export const EMOJI: readonly string[] = Array.from(
  '😀😄😁😆😅😂🙂😉😊🥰😍😘😋😜🤗🤭🤫🤔😐😏🙄😬😌😴😷🤒🥵🥶🤯😎🤓😟😮😳🥺😢😭😱😤😡👍👎👌🤝🙏💪👏🙌👋🫶🤙🌹🌸🍵🫖🍃🎁🎉🎂💰🧧📦🚚🔥✨💯✅❌❓',
)
