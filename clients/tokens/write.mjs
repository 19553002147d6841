// tokens.json → the style sheets that carry it. Run after every change of the tokens; the tests of mini-kit and widget fail otherwise.
import fs from 'node:fs'
import path from 'node:path'
import { readTokens, SHEETS, sheetsOf } from './styles.mjs'

for (const [name, text] of Object.entries(sheetsOf(readTokens())))
  fs.writeFileSync(path.join(import.meta.dirname, '..', SHEETS[name]), text)
