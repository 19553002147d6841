// Reading app.json, and theme.json beside it.
import { variablesIn, type AppConfig, type Themes } from '../program-config'
import { BuildError, type Sources } from './sources'

export function readAppConfig(sources: Sources): AppConfig {
  const config = sources.json<AppConfig>('app.json')
  if (!Array.isArray(config.pages) || config.pages.length === 0) throw new BuildError('app.json: "pages" is empty')
  const themes = config.themeLocation ? readThemes(sources, config.themeLocation) : undefined
  checkVariables('app.json', [config.window, config.tabBar], themes)
  return { ...config, ...(themes && { themes }) }
}

function readThemes(sources: Sources, location: string): Themes {
  const file = location.replace(/^\.?\//, '')
  const { light, dark } = sources.json<Partial<Themes>>(file)
  if (!light || !dark) throw new BuildError(`${file}: needs "light" and "dark"`)
  return { light, dark }
}

/** A variable that one of the themes lacks would be a colour of that name. */
export function checkVariables(file: string, settings: unknown, themes: Themes | undefined): void {
  for (const name of variablesIn(settings)) {
    if (!themes) throw new BuildError(`${file}: "@${name}", but app.json has no themeLocation`)
    for (const theme of ['light', 'dark'] as const)
      if (themes[theme][name] === undefined) throw new BuildError(`${file}: "@${name}" is not in theme "${theme}"`)
  }
}
