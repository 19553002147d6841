/** Emoji of which the kit has its own pictures. Made by scripts/emoji.mjs. */
export const DRAWN =
  '😀 😄 😁 😆 😅 😂 🙂 😉 😊 🥰 😍 😘 😋 😜 🤗 🤭 🤫 🤔 😐 😏 🙄 😬 😌 😴 😷 🥵 🥶 🤯 😎 🤓 😟 😮 😳 🥺 😢 😭 😱 😤 😡 👍 👎 👌 🤝 🙏 💪 👏 🙌 👋 🫶 🤙 ❤️ 🌹 🌸 🍵 🫖 🍃 ☕ 🥮 🎁 🎉 🎂 💰 🧧 📦 🚚 🔥 ✨ ⭐ 💯 ✅ ❌ ❓'
