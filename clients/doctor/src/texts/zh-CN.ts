import type { CheckId, Phrases } from './index'
import type { Words } from './en'

export const checksZh: Record<CheckId, Words> = {
  'files/unreadable': {
    what: '这个文件不是合法的 JSON：{fault}',
    why: '开发者工具不接受它，其中的内容这里也没有检查。',
    fix: '改正语法；小程序的 JSON 不能有注释，也不能有结尾的逗号。',
  },
  'files/appid': {
    what: 'appid 是 {appid}，不是注册过的 AppID。',
    why: '测试号只能在开发者工具里运行：不能真机预览、上传，也不能用微信登录。',
    fix: '把 mp.weixin.qq.com → 开发管理 里的 AppID 写进 project.config.json 或 project.private.config.json。',
  },
  'domains/insecure': {
    what: '{host} 用的是 {scheme}。',
    why: '手机上的小程序只能用 https 和 wss；勾选“不校验合法域名”时开发者工具不会报错。',
    fix: '给它配上 TLS，写成 https://（长连接写 wss://）。',
  },
  'domains/local': {
    what: '{host} 是本机或纯 IP 地址。',
    why: '在开发者工具里能用；发布后的小程序访问不了 localhost 和 IP 地址。',
    fix: '上传前改成你部署的公网域名。',
  },
  'domains/unlisted': {
    what: '{host} 不在你给出的域名里（{known}）。',
    why: '不在列表里的域名在手机上请求会失败。上级域名不包含子域名，https 的条目只对它写的端口有效。',
    fix: '在 mp.weixin.qq.com → 开发管理 → 服务器域名 中加上，并补进这里的列表；或者改用已登记的域名。',
  },
  'domains/url-check': {
    what: 'urlCheck 是 false：开发者工具不校验合法域名。',
    why: '漏登记的域名会到顾客手机上才第一次失败。',
    fix: '从 project.config.json 里去掉；开发期间写在不提交的 project.private.config.json 里。',
  },
  'domains/legal-domains': {
    what: '需要登记的服务器域名：{lists}',
    why: '四个列表互相独立；茶馆的 endpoint 在每个列表里都要有。列表里实际有什么，本地文件看不出来。',
    fix: 'mp.weixin.qq.com → 开发管理 → 服务器域名。每个域名都要备案，证书链要完整。',
  },
  'base-library/too-old': {
    what: 'libVersion 是 {version}，而 {what} 需要 {needed}。',
    why: '开发者工具里会在缺少的接口处中断。',
    fix: '把 libVersion 设为 {needed} 或更新（详情 → 本地设置 → 调试基础库）。',
  },
  'base-library/minimum': {
    what: '代码需要基础库 {needed}，因为用了 {what}。',
    why: '更旧的手机上没有这个接口。最低版本设在微信后台，本地文件里看不到。',
    fix: 'mp.weixin.qq.com → 设置 → 基本设置 → 基础库最低版本设置：{needed} 或以上；或者调用前用 wx.canIUse 判断。',
  },
  'sizes/package-too-large': {
    what: '包 {package} 有 {size}，上限 2048 KiB。最大的文件：{largest}',
    why: '无法上传。这里按文件大小计算，压缩后可能小一些。',
    fix: '把页面移进分包，图片放到服务器，用不到的写进 packOptions.ignore。',
  },
  'sizes/package-nearly-full': {
    what: '包 {package} 有 {size}，上限 2048 KiB。最大的文件：{largest}',
    why: '下一个功能就放不下了。',
    fix: '趁早把页面移进分包，或把图片放到服务器。',
  },
  'sizes/total-too-large': {
    what: '所有包合计 {size}，上限 30720 KiB（服务商代开发为 20480 KiB）。',
    why: '无法上传。',
    fix: '图片和声音从服务器加载。',
  },
  'sizes/stray-files': {
    what: '目录 {folder}（{size}）会被打进包里，但其中没有页面。',
    why: '它占体积，而且包里的内容谁都能读到。',
    fix: '在 project.config.json 的 packOptions.ignore 里加上 {"type": "folder", "value": "{folder}"}，或移出 miniprogramRoot。',
  },
  'sizes/kit-in-main': {
    what: '@chaguan/mini-kit（{size}）在主包里，但只有分包 {package} 用它。',
    why: '主包要全部下载完才显示第一个页面。',
    fix: '在 project.config.json 里设置 packNpmManually 和 packNpmRelationList，让 miniprogram_npm 落在 {package} 里，再构建 npm。',
  },
  'sizes/share': {
    what: '体积：{packages}。其中茶馆：{ours}。',
    why: '压缩前的大小；每个包上限 2048 KiB。',
    fix: '无需处理。',
  },
  'secrets/wechat-secret': {
    what: '这像是微信的 AppSecret。',
    why: '小程序的包谁都能解开；拿到 AppSecret 就能冒充你。',
    fix: '删掉，在 mp.weixin.qq.com → 开发管理 中重置，新的只放在服务器上。',
  },
  'secrets/app-secret': {
    what: '这像是茶馆应用的密钥。',
    why: '拿到它就能以任何顾客的身份登录。',
    fix: '删掉，在控制台（店铺与应用）轮换，由服务器签发令牌。',
  },
  'secrets/api-key': {
    what: '这是茶馆部署的 API 密钥。',
    why: '它的全部权限会落到所有人手里。',
    fix: '删掉，在控制台（API 密钥）吊销，由服务器调用接口。',
  },
  'secrets/private-key': {
    what: '这是一把私钥。',
    why: '小程序的包谁都能解开。',
    fix: '删掉并更换密钥，新的只放在服务器上。',
  },
  'secrets/token-inside': {
    what: '源码里写死了一个签名令牌。',
    why: '所有顾客会变成同一个用户，而且它总会过期。',
    fix: '运行时再取：getToken 向你的服务器要，或用 wx.login 的 code 请求 POST /v1/auth/wechat。',
  },
  'secrets/signed-here': {
    what: '{what}：在小程序里签名。',
    why: '签名需要密钥，放进包里的密钥就不再是密钥。',
    fix: '在服务器上签名，getToken 向服务器要。',
  },
  'secrets/weixin-api': {
    what: '小程序里请求了 {what}。',
    why: '这些接口需要 AppSecret，所以微信不允许登记这个域名。',
    fix: '由服务器请求，或用部署的 POST /v1/auth/wechat 登录。',
  },
  'privacy/required-infos': {
    what: '用了 wx.{api}，但 app.json 的 requiredPrivateInfos 里没有它。',
    why: '在任何手机上调用都会失败。',
    fix: '把 "{api}" 加进 requiredPrivateInfos，并在 mp.weixin.qq.com → 开发管理 → 接口设置 中申请。',
  },
  'privacy/location-permission': {
    what: '用了 wx.{api}，但 app.json 没有 permission["{scope}"].desc。',
    why: '必须告诉用户用途，否则调用失败。',
    fix: '在 app.json 里加上 "permission": {"{scope}": {"desc": "…"}}，用用户的语言写。',
  },
  'privacy/check-off': {
    what: '__usePrivacyCheck__ 是 false。',
    why: '开发者工具不弹隐私授权，手机上会弹：你看不到用户看到的。',
    fix: '去掉它，或设为 true。',
  },
  'privacy/guideline': {
    what: '需要在用户隐私保护指引里声明：{zh}',
    why: '没有声明的接口会失败：api scope is not declared in the privacy agreement。已经声明了什么，本地文件看不出来。',
    fix: 'mp.weixin.qq.com → 设置 → 服务内容声明 → 用户隐私保护指引；每一项写明用途，例如在聊天中发送图片。',
  },
  'npm/not-installed': {
    what: '用到了 {name}，但没有安装。',
    why: '编译不通过。',
    fix: 'npm install {name}，然后 工具 → 构建 npm。',
  },
  'npm/not-built': {
    what: '{name} 已安装，但没有 miniprogram_npm/{name}。',
    why: '小程序不读 node_modules。',
    fix: '在开发者工具里：工具 → 构建 npm。如果包在 miniprogramRoot 之外，要设置 packNpmManually 和 packNpmRelationList。',
  },
  'npm/stale': {
    what: '{folder} 与 node_modules 里的不一致。',
    why: '上次 npm install 之后没有构建 npm，发布出去的会是旧版本。',
    fix: '在开发者工具里：工具 → 构建 npm。',
  },
  'npm/component-missing': {
    what: '组件 {name} 不存在。',
    why: '页面编译不通过。',
    fix: '检查 usingComponents 里的路径；指向包内的路径不写 miniprogram_dist。',
  },
  'npm/peer-missing': {
    what: '{name} 需要 {peer}，但没有安装。',
    why: '运行到第一行就会停。',
    fix: 'npm install {peer}，然后 工具 → 构建 npm。',
  },
  'npm/versions-differ': {
    what: '{name} {own} 需要 {peer} {range}，装的是 {version}。',
    why: '两者只在那个版本下一起测试过。',
    fix: 'npm install {name}@{own} {peer}@{range}，然后 工具 → 构建 npm。',
  },
  'npm/name-taken': {
    what: '/{taken}/index 与 {name} 的组件同名。',
    why: '包内引用 ../{taken}/index 时，微信的编译器会先找到它，于是编译不通过。',
    fix: '换个位置，比如 /pages/{taken}/index。',
  },
  'npm/tag-undeclared': {
    what: '<{tag}> 在 {json} 和 app.json 里都没有声明。',
    why: '微信遇到不认识的标签什么也不显示，也不报错。',
    fix: '在 {json} 的 usingComponents 里写上它。',
  },
  'subpackages/independent': {
    what: '{name} 在独立分包 {package} 之外。',
    why: '独立分包运行时没有主包，也就没有主包里的 SDK 和组件。',
    fix: '让分包有自己的 miniprogram_npm（packNpmRelationList），或去掉 "independent"。',
  },
  'subpackages/main-into-sub': {
    what: '{name} 在分包 {package} 里，此时可能还没有加载。',
    why: '立即可用的只有同一个包和主包里的文件。',
    fix: '改为延迟加载（require.async，组件用 componentPlaceholder），或移到主包。',
  },
  'subpackages/no-preload': {
    what: '聊天在分包 {package} 里，但没有页面预下载它。',
    why: '顾客点“联系客服”后要等它下载。',
    fix: '在 app.json 里加上："preloadRule": {"<通往聊天的页面>": {"network": "all", "packages": ["{package}"]}}',
  },
  'subpackages/preload-unknown': {
    what: 'preloadRule 里的 {name} 既不是页面也不是分包。',
    why: '开发者工具会报错，或者什么也不下载。',
    fix: '页面按 "pages" 里的写，分包写它的 "root" 或 "name"。',
  },
  'subpackages/preload-too-large': {
    what: '{package} 的页面一共预下载 {size}，上限 2048 KiB。',
    why: '超出的部分不会预下载。',
    fix: '只预下载顾客接下来最可能打开的分包。',
  },
  'subpackages/lazy-loading': {
    what: 'app.json 没有 "lazyCodeLoading": "requiredComponents"。',
    why: '启动时会运行包里的所有组件，包括没有页面显示的。',
    fix: '加上它；基础库 2.11.1 起有效，更旧的会忽略。',
  },
}

export const phrasesZh: Phrases = {
  error: '错误',
  warning: '警告',
  note: '提示',
  why: '原因',
  fix: '办法',
  summary: '{errors} 个错误，{warnings} 个警告，{notes} 个提示',
  clean: '没有需要修改的。',
  noProject: '这里没有小程序：在 {folder} 及其上级目录里都找不到 project.config.json 或 app.json。',
  help: `chaguan-doctor [目录] [选项]     检查这个目录里的微信小程序

  --release           即将上传：只在开发者工具里能用的算错误
  --domain <域名>     mp.weixin.qq.com 里登记的服务器域名，可以写多次。也可写在 package.json：
                      "chaguan": {"domains": ["im.example.com"]}
  --json              以 JSON 输出
  --lang zh-CN|en     默认取环境的语言（LC_ALL、LC_MESSAGES、LANG）
  --help、--version

退出码：0 没有错误，1 有错误，2 不是小程序或选项不认识。
不修改任何文件，不向任何地方发送内容。`,
}
