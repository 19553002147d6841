import { startChat } from './services/chat'
import { restoreLanguage } from './services/texts'

App({
  onLaunch() {
    restoreLanguage()
    startChat()
  },
})
