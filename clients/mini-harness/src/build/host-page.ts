// The page that holds the phone's screen.
import fs from 'node:fs'
import path from 'node:path'
import type { AppConfig } from '../program-config'

export function writePage(outDir: string, app: AppConfig, config: Record<string, unknown>): void {
  const title = app.window?.navigationBarTitleText ?? ''
  const html = `<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1,viewport-fit=cover">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
</head>
<body>
<script type="application/json" id="harness-config">${JSON.stringify(config).replace(/</g, '\\u003c')}</script>
<script src="runtime.js"></script>
<script src="program.js"></script>
</body>
</html>
`
  fs.writeFileSync(path.join(outDir, 'index.html'), html)
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
}
