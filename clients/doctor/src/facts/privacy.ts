/** What the platform wants declared before a call works. */

/** The entries of 用户隐私保护指引 and the calls that stand behind each. */
export const GUIDELINE: Record<string, { calls: string[]; zh: string; en: string }> = {
  album: {
    calls: ['chooseImage', 'chooseMedia', 'chooseVideo'],
    zh: '选中的照片或视频信息',
    en: 'photos or videos the user chose',
  },
  file: { calls: ['chooseMessageFile'], zh: '选中的文件', en: 'files the user chose' },
  microphone: { calls: ['getRecorderManager', 'startRecord', 'joinVoIPChat'], zh: '麦克风', en: 'microphone' },
  camera: { calls: ['createCameraContext', 'createVKSession'], zh: '摄像头', en: 'camera' },
  clipboard: { calls: ['getClipboardData', 'setClipboardData'], zh: '剪切板', en: 'clipboard' },
  location: {
    calls: [
      'getLocation',
      'getFuzzyLocation',
      'startLocationUpdate',
      'startLocationUpdateBackground',
      'onLocationChange',
    ],
    zh: '位置信息',
    en: 'location',
  },
  place: { calls: ['chooseLocation', 'choosePoi'], zh: '选择的位置信息', en: 'a place the user chose' },
  address: { calls: ['chooseAddress'], zh: '地址', en: 'postal address' },
  album_write: {
    calls: ['saveImageToPhotosAlbum', 'saveVideoToPhotosAlbum'],
    zh: '相册（仅写入）',
    en: 'album (write only)',
  },
  invoice: { calls: ['chooseInvoice', 'chooseInvoiceTitle'], zh: '发票信息', en: 'invoice details' },
  contacts: { calls: ['addPhoneContact'], zh: '通讯录（仅写入）', en: 'contacts (write only)' },
  steps: { calls: ['getWeRunData'], zh: '微信运动步数', en: 'steps' },
}

/** Calls that fail unless app.json names them in `requiredPrivateInfos`. */
export const REQUIRED_INFOS = [
  'getFuzzyLocation',
  'getLocation',
  'onLocationChange',
  'startLocationUpdate',
  'startLocationUpdateBackground',
  'chooseLocation',
  'choosePoi',
  'chooseAddress',
]

/** Calls that ask the user, with the scope whose reason stands in `permission` of app.json. */
export const LOCATION_SCOPES: Record<string, string> = {
  getLocation: 'scope.userLocation',
  startLocationUpdate: 'scope.userLocation',
  startLocationUpdateBackground: 'scope.userLocation',
  getFuzzyLocation: 'scope.userFuzzyLocation',
}

/** What the kit calls only where a template gives a component of it that attribute. */
export const KIT_ASKED: Record<string, string> = { location: 'chooseLocation' }

/** What the kit's input bar and bubbles use; a test reads it from its sources. */
export const KIT_CALLS = ['chooseMedia', 'chooseMessageFile', 'getRecorderManager', 'setClipboardData']
