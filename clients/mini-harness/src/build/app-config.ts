// Reading app.json.
import type { AppConfig } from '../program-config'
import { BuildError, type Sources } from './sources'

export function readAppConfig(sources: Sources): AppConfig {
  const config = sources.json<AppConfig>('app.json')
  if (!Array.isArray(config.pages) || config.pages.length === 0) throw new BuildError('app.json: "pages" is empty')
  return config
}
