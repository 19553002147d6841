/** What the platform wants declared before a call works. */

/**
 * The entries of 用户隐私保护指引 and what stands behind each: calls of `wx`, and what a template has (`TEMPLATE_MARKS`).
 * Row by row as the platform's table has it, “隐私接口与对应的处理的信息关系”:
 * https://developers.weixin.qq.com/miniprogram/dev/framework/user-privacy/miniprogram-intro.html, and for what plugins may
 * do https://developers.weixin.qq.com/miniprogram/dev/framework/user-privacy/plugin-intro.html. It names
 * `RecorderManager.start`, which one comes to by `getRecorderManager`; `onLocationChange` is not in it, since it hears
 * nothing without one of the calls that are.
 */
export const GUIDELINE: Record<string, { calls: string[]; zh: string; en: string }> = {
  profile: { calls: ['chooseAvatar', 'nickname'], zh: '昵称、头像', en: 'nickname and avatar' },
  location: {
    calls: ['getLocation', 'getFuzzyLocation', 'startLocationUpdate', 'startLocationUpdateBackground'],
    zh: '位置信息',
    en: 'location',
  },
  place: { calls: ['chooseLocation', 'choosePoi'], zh: '选择的位置信息', en: 'a place the user chose' },
  address: { calls: ['chooseAddress'], zh: '地址', en: 'postal address' },
  invoice: { calls: ['chooseInvoice', 'chooseInvoiceTitle'], zh: '发票信息', en: 'invoice details' },
  steps: { calls: ['getWeRunData'], zh: '微信运动步数', en: 'steps' },
  phone: { calls: ['getPhoneNumber', 'getRealtimePhoneNumber'], zh: '手机号', en: 'phone number' },
  plate: { calls: ['chooseLicensePlate'], zh: '车牌号', en: 'licence plate' },
  album: {
    calls: ['chooseImage', 'chooseMedia', 'chooseVideo'],
    zh: '选中的照片或视频信息',
    en: 'photos or videos the user chose',
  },
  file: { calls: ['chooseMessageFile'], zh: '选中的文件', en: 'files the user chose' },
  microphone: {
    calls: ['getRecorderManager', 'startRecord', 'joinVoIPChat', 'live-pusher'],
    zh: '麦克风',
    en: 'microphone',
  },
  camera: { calls: ['createVKSession', 'camera', 'live-pusher', 'voip-room'], zh: '摄像头', en: 'camera' },
  bluetooth: { calls: ['openBluetoothAdapter', 'createBLEPeripheralServer'], zh: '蓝牙', en: 'bluetooth' },
  album_write: {
    calls: ['saveImageToPhotosAlbum', 'saveVideoToPhotosAlbum'],
    zh: '相册（仅写入）',
    en: 'album (write only)',
  },
  contacts: { calls: ['addPhoneContact'], zh: '通讯录（仅写入）', en: 'contacts (write only)' },
  calendar: {
    calls: ['addPhoneCalendar', 'addPhoneRepeatCalendar'],
    zh: '日历（仅写入）',
    en: 'calendar (write only)',
  },
  accelerometer: { calls: ['startAccelerometer'], zh: '加速传感器', en: 'accelerometer' },
  compass: { calls: ['startCompass'], zh: '磁场传感器', en: 'magnetic field sensor' },
  motion: { calls: ['startDeviceMotionListening'], zh: '方向传感器', en: 'orientation sensor' },
  gyroscope: { calls: ['startGyroscope'], zh: '陀螺仪传感器', en: 'gyroscope' },
  clipboard: { calls: ['getClipboardData', 'setClipboardData'], zh: '剪切板', en: 'clipboard' },
}

/** What a template has that stands in the same table: components, and what a button or an input is for. */
export const TEMPLATE_MARKS =
  /<(camera|live-pusher|voip-room)(?=[\s/>])|\bopen-type=["'](getPhoneNumber|getRealtimePhoneNumber|chooseAvatar)["']|\btype=["'](nickname)["']/g

/**
 * Calls that fail unless app.json names them in `requiredPrivateInfos`: the eight of “地理位置接口新增与相关流程调整”,
 * https://developers.weixin.qq.com/community/develop/doc/000a02f2c5026891650e7f40351c01
 */
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

/**
 * Calls that ask the user, with the scope whose reason stands in `permission` of app.json. From
 * https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/authorize.md; `permission` has one reason for
 * places in the foreground and in the background, and the latter's own scope opens no dialog.
 */
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
