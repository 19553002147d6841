import { startChat } from './services/chat'
import { restoreLook } from './services/text-size'
import { restoreLanguage } from './services/texts'

App({
  onLaunch() {
    restoreLanguage()
    restoreLook()
    startChat()
  },
})
