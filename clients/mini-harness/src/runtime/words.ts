// The few words the phone itself says, in the phone's language.
import { config } from './settings'

const WORDS = {
  back: ['返回', 'Back'],
  home: ['首页', 'Home'],
  more: ['更多', 'More'],
  close: ['关闭', 'Close'],
  cancel: ['取消', 'Cancel'],
  confirm: ['确定', 'OK'],
  choose: ['选择', 'Choose'],
  actions: ['操作', 'Actions'],
  preview: ['图片预览', 'Picture preview'],
  keyboard: ['键盘', 'Keyboard'],
  page: ['页面', 'Page'],
  copied: ['内容已复制', 'Copied'],
} as const

export function word(key: keyof typeof WORDS): string {
  const [chinese, english] = WORDS[key]
  return config.language.startsWith('zh') ? chinese : english
}
