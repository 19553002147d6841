// Mini programs of a few files, written for one test.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const made: string[] = []

/** A folder with these files; app.json names the page p/p unless given. */
export function program(files: Record<string, string>): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'mini-'))
  made.push(root)
  for (const [file, content] of Object.entries({ 'app.json': '{"pages":["p/p"]}', 'app.ts': 'App({})', ...files })) {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
    fs.writeFileSync(path.join(root, file), content)
  }
  return root
}

export function removePrograms(): void {
  for (const dir of made.splice(0)) fs.rmSync(dir, { recursive: true })
}
