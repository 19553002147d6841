/** What is said of each finding: what is the matter, why it matters, what mends it. `{blanks}` come from the check. */
export interface Words {
  what: string
  why: string
  fix: string
}

export const checksEn = {
  'files/unreadable': {
    what: 'This file is not valid JSON: {fault}',
    why: 'The developer tools refuse it, and nothing in it was checked here.',
    fix: 'Mend the syntax; JSON of mini programs has no comments and no commas at the end.',
  },
  'files/appid': {
    what: 'appid is {appid}, which is not a registered AppID.',
    why: 'A trial id runs in the developer tools only: no phone, no upload, no WeChat sign-in.',
    fix: 'Enter the AppID of mp.weixin.qq.com → 开发管理 in project.config.json, or in project.private.config.json.',
  },
  'domains/insecure': {
    what: '{host} is asked over {scheme}.',
    why: 'Phones let mini programs speak https and wss only; the developer tools hide this while 不校验合法域名 is ticked.',
    fix: 'Serve it over TLS and write https:// (wss:// for a socket).',
  },
  'domains/local': {
    what: '{host} is this machine or a bare IP address.',
    why: 'It works in the developer tools; a published mini program can reach neither localhost nor IP addresses.',
    fix: 'Write the public host name of your deployment before you upload.',
  },
  'domains/unlisted': {
    what: '{host} is not among the domains you named ({known}).',
    why: 'Requests to a domain that is not in the list fail on phones. A parent domain does not cover its sub-domains, and an https entry holds for its own port alone.',
    fix: 'Add it in mp.weixin.qq.com → 开发管理 → 服务器域名 and to your list here, or use a listed domain.',
  },
  'domains/url-check': {
    what: 'urlCheck is false: the developer tools do not check domains.',
    why: 'A domain missing in the list then fails for the first time on a customer’s phone.',
    fix: 'Remove it from project.config.json; while you develop set it in project.private.config.json, which is not committed.',
  },
  'domains/legal-domains': {
    what: 'These belong into the lists of server domains: {lists}',
    why: 'The four lists are separate; a Chaguan endpoint needs an entry in each of them. No file here tells what stands in them.',
    fix: 'mp.weixin.qq.com → 开发管理 → 服务器域名. Each domain needs an ICP filing and a certificate with its full chain.',
  },
  'base-library/too-old': {
    what: 'libVersion is {version}, but {what} needs {needed}.',
    why: 'What you see in the developer tools then breaks off where the call is missing.',
    fix: 'Set libVersion to {needed} or newer (详情 → 本地设置 → 调试基础库).',
  },
  'base-library/minimum': {
    what: 'The code needs base library {needed}, because of {what}.',
    why: 'On phones with an older one the call does not exist. The least version stands at WeChat, not in these files.',
    fix: 'mp.weixin.qq.com → 设置 → 基本设置 → 基础库最低版本设置: {needed} or above; or ask with wx.canIUse before the call.',
  },
  'sizes/package-too-large': {
    what: 'Package {package} has {size}; 2048 KiB is the limit. Largest: {largest}',
    why: 'The upload is refused. Sizes here are those of the files; minifying may save some of it.',
    fix: 'Move pages into sub-packages, pictures to your server, and what is not needed into packOptions.ignore.',
  },
  'sizes/package-nearly-full': {
    what: 'Package {package} has {size} of 2048 KiB. Largest: {largest}',
    why: 'The next feature will not fit.',
    fix: 'Move pages into sub-packages or pictures to your server before you have to.',
  },
  'sizes/total-too-large': {
    what: 'All packages together have {size}; 30720 KiB is the limit (20480 KiB when a service provider develops for you).',
    why: 'The upload is refused.',
    fix: 'Load pictures and sounds from your server.',
  },
  'sizes/stray-files': {
    what: 'The folder {folder} ({size}) would be packed, though no page is in it.',
    why: 'It takes room, and what is in a package can be read by everybody.',
    fix: 'Add {"type": "folder", "value": "{folder}"} to packOptions.ignore of project.config.json, or move it out of miniprogramRoot.',
  },
  'sizes/kit-in-main': {
    what: '@chaguan/mini-kit ({size}) lies in the main package; only the sub-package {package} uses it.',
    why: 'Everyone downloads the main package before the first page shows.',
    fix: 'Set packNpmManually and packNpmRelationList in project.config.json so that miniprogram_npm comes to lie in {package}, and run 构建 npm again.',
  },
  'sizes/share': {
    what: 'Sizes: {packages}. Chaguan’s share: {ours}.',
    why: 'Before minifying; at most 2048 KiB each.',
    fix: 'Nothing to do.',
  },
  'secrets/wechat-secret': {
    what: 'This looks like the AppSecret of WeChat.',
    why: 'Packages of mini programs can be unpacked by anybody; whoever has the AppSecret acts as you.',
    fix: 'Remove it, reset it in mp.weixin.qq.com → 开发管理, and keep the new one on your server.',
  },
  'secrets/app-secret': {
    what: 'This looks like the secret of a Chaguan app.',
    why: 'Whoever has it signs in as any customer.',
    fix: 'Remove it, rotate it in the console (Shops & apps), and sign tokens on your server.',
  },
  'secrets/api-key': {
    what: 'This is an API key of a Chaguan deployment.',
    why: 'It acts with all the rights it was given, in everybody’s hands.',
    fix: 'Remove it, revoke it in the console (API keys), and call the API from your server.',
  },
  'secrets/private-key': {
    what: 'This is a private key.',
    why: 'Packages of mini programs can be unpacked by anybody.',
    fix: 'Remove it, replace the key, and use the new one on your server only.',
  },
  'secrets/token-inside': {
    what: 'A signed token is written into the sources.',
    why: 'Every customer would be the same user; and it ends one day.',
    fix: 'Fetch a token at run time: getToken asks your server, or POST /v1/auth/wechat with a code of wx.login.',
  },
  'secrets/signed-here': {
    what: '{what}: something is signed in the mini program.',
    why: 'Signing needs the secret, and a secret in a package is none.',
    fix: 'Sign on your server and let getToken ask it.',
  },
  'secrets/weixin-api': {
    what: '{what} is asked from the mini program.',
    why: 'WeChat lets nobody list this domain, since these calls need the AppSecret.',
    fix: 'Let your server ask, or sign in with POST /v1/auth/wechat of the deployment.',
  },
  'privacy/required-infos': {
    what: 'wx.{api} is used, but requiredPrivateInfos of app.json does not name it.',
    why: 'The call fails on every phone.',
    fix: 'Add "{api}" to requiredPrivateInfos, and apply for the interface in mp.weixin.qq.com → 开发管理 → 接口设置.',
  },
  'privacy/location-permission': {
    what: 'wx.{api} is used, but app.json has no permission["{scope}"].desc.',
    why: 'The user has to be told the reason; without it the call fails.',
    fix: 'Add "permission": {"{scope}": {"desc": "…"}} to app.json, in the user’s language.',
  },
  'privacy/check-off': {
    what: '__usePrivacyCheck__ is false.',
    why: 'The developer tools then do not ask for the user’s consent, phones do: you will not see what they see.',
    fix: 'Remove it, or set it to true.',
  },
  'privacy/guideline': {
    what: 'Declare in 用户隐私保护指引: {en}',
    why: 'A call that is not declared there fails with “api scope is not declared in the privacy agreement”. No file here tells what is declared.',
    fix: 'mp.weixin.qq.com → 设置 → 服务内容声明 → 用户隐私保护指引; say in each entry what it is for, such as pictures in a chat.',
  },
  'npm/not-installed': {
    what: '{name} is used and not installed.',
    why: 'The program does not compile.',
    fix: 'npm install {name}, then 工具 → 构建 npm.',
  },
  'npm/not-built': {
    what: '{name} is installed, but there is no miniprogram_npm/{name}.',
    why: 'A mini program does not read node_modules.',
    fix: 'In the developer tools: 工具 → 构建 npm. A package outside of miniprogramRoot needs packNpmManually and packNpmRelationList.',
  },
  'npm/stale': {
    what: '{folder} is not what node_modules has.',
    why: '构建 npm has not been run since the last npm install; an old version is what would be published.',
    fix: 'In the developer tools: 工具 → 构建 npm.',
  },
  'npm/component-missing': {
    what: 'The component {name} is not there.',
    why: 'The page does not compile.',
    fix: 'Check the path in usingComponents; a path into a package has no miniprogram_dist in it.',
  },
  'npm/peer-missing': {
    what: '{name} needs {peer}, which is not installed.',
    why: 'It ends at the first line.',
    fix: 'npm install {peer}, then 工具 → 构建 npm.',
  },
  'npm/versions-differ': {
    what: '{name} {own} wants {peer} {range}, installed is {version}.',
    why: 'The two are tested together in that version only.',
    fix: 'npm install {name}@{own} {peer}@{range}, then 工具 → 构建 npm.',
  },
  'npm/name-taken': {
    what: '/{taken}/index has the name of a component of {name}.',
    why: 'WeChat’s compiler takes it where the package names its own ../{taken}/index, and the program does not compile.',
    fix: 'Move it, to /pages/{taken}/index for example.',
  },
  'npm/tag-undeclared': {
    what: '<{tag}> is declared neither in {json} nor in app.json.',
    why: 'WeChat draws an unknown tag as nothing, without an error.',
    fix: 'Name it in usingComponents of {json}.',
  },
  'subpackages/independent': {
    what: '{name} lies outside of the independent sub-package {package}.',
    why: 'An independent sub-package runs without the main package, and so without what lies there, SDK and kit included.',
    fix: 'Give the sub-package a miniprogram_npm of its own (packNpmRelationList), or leave "independent" out.',
  },
  'subpackages/main-into-sub': {
    what: '{name} lies in the sub-package {package}, which may not have been loaded yet.',
    why: 'Only files of the same package and of the main package are there at once.',
    fix: 'Load it later (require.async, or componentPlaceholder for a component), or move it into the main package.',
  },
  'subpackages/no-preload': {
    what: 'The sub-package {package} has the chat, and no page preloads it.',
    why: 'The customer who taps on “contact us” waits for its download.',
    fix: 'Add to app.json: "preloadRule": {"<page that leads there>": {"network": "all", "packages": ["{package}"]}}',
  },
  'subpackages/preload-unknown': {
    what: 'preloadRule names {name}, which is no page and no sub-package.',
    why: 'The developer tools refuse it, or nothing is loaded.',
    fix: 'Write the page as in "pages" and the sub-package as its "root" or "name".',
  },
  'subpackages/preload-too-large': {
    what: 'Pages of {package} preload {size} in all; 2048 KiB is the limit.',
    why: 'What is beyond is not loaded ahead.',
    fix: 'Preload only the packages the customer is likely to open next.',
  },
  'subpackages/lazy-loading': {
    what: 'app.json has no "lazyCodeLoading": "requiredComponents".',
    why: 'All components of a package are run at the start, also those that no page shows.',
    fix: 'Add it; it works from base library 2.11.1 on and does nothing before.',
  },
} satisfies Record<string, Words>

export const phrasesEn = {
  error: 'error',
  warning: 'warning',
  note: 'note',
  why: 'why',
  fix: 'fix',
  summary: '{errors} errors, {warnings} warnings, {notes} notes',
  clean: 'Nothing to mend.',
  noProject: 'No mini program here: neither project.config.json nor app.json found at {folder} or above.',
  help: `chaguan-doctor [folder] [options]     looks at the WeChat mini program in this folder

  --release           about to upload: what serves only in the developer tools is an error
  --domain <host>     a server domain entered in mp.weixin.qq.com; may be repeated. Also package.json:
                      "chaguan": {"domains": ["im.example.com"]}
  --json              findings as JSON
  --lang zh-CN|en     default: the language of the environment (LC_ALL, LC_MESSAGES, LANG)
  --help, --version

Exit code: 0 without errors, 1 with errors, 2 when there is no mini program or an option is unknown.
Nothing is changed, nothing is sent anywhere.`,
}
