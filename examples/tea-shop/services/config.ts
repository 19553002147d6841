export interface Config {
  /** The Chaguan deployment. */
  endpoint: string
  /** Id of this app there. */
  appId: string
  /** The merchant's own server. */
  shopApi: string
  /** Who holds the phone, where that is known beforehand, as in the demo. */
  customer?: { name: string; avatar: string }
  /** What stands in the form where staff sign in; in the demo alone. */
  staff?: { email: string; password: string }
}

/** Used where no ext config is given: a deployment started on this machine. */
const DEFAULTS: Config = { endpoint: 'http://127.0.0.1:8080', appId: '', shopApi: 'http://127.0.0.1:8090/api' }

export function readConfig(): Config {
  return { ...DEFAULTS, ...(wx.getExtConfigSync() as Partial<Config>) }
}
