// All built-in components. view, text and cover-view need none: they are plain elements.
import { defineButtons } from './button'
import { define } from './define'
import { defineDisplay } from './display'
import { defineFields } from './field'
import { defineForms } from './form'
import { defineImages } from './image'
import { definePicker } from './picker'
import { defineRichText } from './rich-text'
import { defineScrollView } from './scroll-view'
import { defineSwiper } from './swiper'

export function defineBuiltins(): void {
  // Stands in for a generic that has no default.
  define('empty', { properties: {}, mount: () => undefined })
  defineImages()
  defineFields()
  defineScrollView()
  defineButtons()
  defineForms()
  definePicker()
  defineSwiper()
  defineRichText()
  defineDisplay()
}
