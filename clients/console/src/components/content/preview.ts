/** Any content in one line: for the list, quotes, notifications, search. */
import { i18n } from '@/i18n'
import type { Content } from '@/im'
import { bundleTitle } from './bundles'
import { noticeText } from './notices'

export function preview(content: Content | null | undefined): string {
  const { t } = i18n.global
  if (!content) return ''
  switch (content.type) {
    case 'text':
      return content.text.replace(/\s+/g, ' ').trim()
    case 'image':
      return t('content.image')
    case 'file':
      return content.name ? t('content.file', { name: content.name }) : t('content.fileBare')
    case 'voice':
      return t('content.voice', { seconds: Math.max(1, Math.round((content.duration_ms ?? 0) / 1000)) })
    case 'video':
      return t('content.video')
    case 'location':
      return t('content.location', { name: content.name || content.address || '' }).trim()
    case 'card':
      return t('content.card', { title: content.title })
    case 'system':
      return noticeText(content)
    case 'merged':
      return t('bundle.preview', { title: bundleTitle(content) })
    case 'custom':
      return content.fallback
    case 'encrypted':
      return t('content.encrypted')
    default:
      return content.fallback || t('content.unsupported')
  }
}
