import { kit } from './kit'

/** `cancel` is the user's own doing and says nothing; the rest is told in the user's language. */
export function tellFailure(errMsg: string): void {
  if (/cancel/i.test(errMsg)) return
  if (/auth den|authorize|permission denied/i.test(errMsg) && !/privacy/i.test(errMsg)) return offerSettings()
  void wx.showToast({ title: reasonOf(errMsg), icon: 'none' })
}

function reasonOf(errMsg: string): string {
  const { texts } = kit
  if (/privacy permission is not authorized/i.test(errMsg)) return texts.privacyRefused
  if (/privacy|requiredPrivateInfos/i.test(errMsg)) return texts.noPrivacy
  return /auth|permission/i.test(errMsg) ? texts.noPermission : texts.busy
}

/** What was refused once is not asked again by the host: only its settings give it back. */
function offerSettings(): void {
  const { texts } = kit
  void wx.showModal({
    content: texts.noPermission,
    confirmText: texts.openSettings,
    cancelText: texts.cancel,
    success: ({ confirm }) => confirm && void wx.openSetting({ fail: () => undefined }),
  })
}

/** The list of choices the host draws; answers with the index, or -1. */
export async function choose(itemList: string[]): Promise<number> {
  try {
    return (await wx.showActionSheet({ itemList })).tapIndex
  } catch {
    // Dismissed: the only way in which it fails.
    return -1
  }
}

export async function openFile(url: string): Promise<void> {
  const { texts } = kit
  await wx.showLoading({ title: texts.opening, mask: true })
  wx.downloadFile({
    url,
    success: ({ tempFilePath, statusCode }) => {
      void wx.hideLoading()
      if (statusCode !== 200) return void wx.showToast({ title: texts.openFailed, icon: 'none' })
      wx.openDocument({
        filePath: tempFilePath,
        showMenu: true,
        fail: () => void wx.showToast({ title: texts.openFailed, icon: 'none' }),
      })
    },
    fail: () => {
      void wx.hideLoading()
      void wx.showToast({ title: texts.openFailed, icon: 'none' })
    },
  })
}
