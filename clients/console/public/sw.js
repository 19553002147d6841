/**
 * Shows what the deployment pushes while nobody looks, and opens the case on a click. It answers no requests and keeps
 * nothing: the console is always the one that the server hands out.
 */
const HOME = new URL('./', self.location.href)

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
self.addEventListener('push', (event) => event.waitUntil(show(event.data)))
self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(open(placeOf(event.notification.data)))
})

function show(data) {
  const note = read(data)
  // Browsers take the permission back from who is pushed to and shows nothing, so something is always shown.
  return self.registration.showNotification(note.title || 'Chaguan 茶馆', {
    body: note.text,
    // A later note takes the place of the former with its tag: of who waits, it tells of all.
    tag: note.tag || 'waiting',
    renotify: true,
    icon: new URL('favicon.svg', HOME).href,
    data: note.path,
  })
}

function read(data) {
  try {
    const { title, text, path, tag } = data.json()
    return { title: String(title), text: String(text), path: String(path), tag: tag ? String(tag) : '' }
  } catch {
    return { title: '', text: '', path: '', tag: '' }
  }
}

/** Only within the console, whatever was pushed. */
function placeOf(path) {
  const place = new URL(typeof path === 'string' ? path : '', HOME)
  return place.origin === HOME.origin && place.pathname === HOME.pathname ? place : HOME
}

async function open(place) {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const console = windows.find((one) => new URL(one.url).pathname === HOME.pathname)
  if (!console) return self.clients.openWindow(place.href)
  // The page goes there itself, so that nothing that is written in it is lost.
  console.postMessage({ open: place.hash.replace(/^#/, '') })
  return console.focus()
}
