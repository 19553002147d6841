// The wx object. What it lacks says so in the console instead of failing silently.
import { component } from 'glass-easel-miniprogram-adapter'
import { currentPage, openPages } from '../runtime/pages'
import type { GeComponent } from '../runtime/types'
import { account } from './login'
import { audio } from './audio'
import { arrayBufferToBase64, base64ToArrayBuffer } from './base64'
import { files } from './files'
import { ProgramIntersectionObserver } from './intersection'
import { lifecycle } from './lifecycle'
import { media, useFileQueue, type FileQueue } from './media'
import { navigation, openerChannel } from './navigation'
import { network } from './network'
import { SelectorQuery } from './query'
import { recorder } from './recorder'
import { http } from './request'
import { socket } from './socket'
import { storage } from './storage'
import { system } from './system'
import { ui } from './ui'

type Owner = { _$: GeComponent }

const parts = {
  ...account,
  ...audio,
  ...files,
  ...http,
  ...lifecycle,
  ...media,
  ...navigation,
  ...network,
  ...recorder,
  ...socket,
  ...storage,
  ...system,
  ...ui,
  arrayBufferToBase64,
  base64ToArrayBuffer,
  createSelectorQuery: () => new SelectorQuery(undefined),
  createIntersectionObserver: (owner: Owner, options?: object) => new ProgramIntersectionObserver(owner, options),
  // Events the phone may fire that a browser never does.
  onUserCaptureScreen: () => undefined,
  offUserCaptureScreen: () => undefined,
}

const warned = new Set<PropertyKey>()

export function createWx(queue: FileQueue): object {
  useFileQueue(queue)
  addComponentMethods()
  const complete = { ...parts, canIUse }
  return new Proxy(complete, { get: lookUp })
}

function lookUp(target: object, name: PropertyKey, receiver: unknown): unknown {
  if (Reflect.has(target, name) || typeof name === 'symbol' || name === 'then' || name === 'toJSON')
    return Reflect.get(target, name, receiver)
  if (!warned.has(name)) {
    warned.add(name)
    console.warn(`wx.${String(name)} does not exist in mini-harness; on a phone it may.`)
  }
  return undefined
}

/** "request", "request.object.method", "button.open-type.contact": only the first part is looked at. */
function canIUse(schema: string): boolean {
  const name = schema.split('.')[0] ?? ''
  return name in parts || (customElements !== undefined && /^[a-z-]+$/.test(name) && KNOWN_TAGS.has(name))
}

const KNOWN_TAGS = new Set([
  'view',
  'button',
  'input',
  'textarea',
  'scroll-view',
  'image',
  'swiper',
  'page-container',
  'root-portal',
  'page-meta',
])

/** Methods of `this` in pages and components that answer in page coordinates or belong to navigation. */
function addComponentMethods(): void {
  Object.assign(component.ComponentCaller.prototype, {
    createSelectorQuery(this: Owner) {
      return new SelectorQuery(this)
    },
    createIntersectionObserver(this: Owner, options?: object) {
      return new ProgramIntersectionObserver(this, options)
    },
    getOpenerEventChannel(this: { __channel?: unknown }) {
      this.__channel ??= openerChannel()
      return this.__channel
    },
    /** Of a page, or of a component on it. */
    getTabBar(this: Owner) {
      return (
        (openPages().find(({ instance }) => (instance as unknown as Owner) === this) ?? currentPage())?.tabBar ?? null
      )
    },
  })
}
