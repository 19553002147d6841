/** Signing out: the server forgets the device, the device forgets the person. */
import { useChat } from '@/stores/chat'
import { useDrafts } from '@/stores/drafts'
import { useSession } from '@/stores/session'

export function useLeave(): () => Promise<void> {
  const chat = useChat()
  const session = useSession()
  const drafts = useDrafts()
  return async () => {
    drafts.clear()
    // The messenger's own sign-out tells the server; without a messenger (a forced password change) we do.
    if (chat.im) await chat.stop()
    await session.signOut()
  }
}
