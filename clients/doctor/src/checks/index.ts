/** All checks, in the order in which they are told. What can't be decided from the files alone is not here. */
import type { Check } from '../findings'
import type { CheckId } from '../texts/index'
import * as baseLibrary from './base-library'
import * as domains from './domains'
import * as files from './files'
import * as npm from './npm'
import * as privacy from './privacy'
import * as secrets from './secrets'
import * as sizes from './sizes'
import * as subpackages from './subpackages'

export const CHECKS: Record<CheckId, Check> = {
  'files/unreadable': files.unreadable,
  'files/appid': files.appid,
  'domains/insecure': domains.insecure,
  'domains/local': domains.local,
  'domains/unlisted': domains.unlisted,
  'domains/url-check': domains.urlCheck,
  'domains/legal-domains': domains.legalDomains,
  'base-library/too-old': baseLibrary.tooOld,
  'base-library/minimum': baseLibrary.minimum,
  'sizes/package-too-large': sizes.tooLarge,
  'sizes/package-nearly-full': sizes.nearlyFull,
  'sizes/total-too-large': sizes.totalTooLarge,
  'sizes/stray-files': sizes.stray,
  'sizes/kit-in-main': sizes.kitInMain,
  'sizes/share': sizes.share,
  'secrets/wechat-secret': secrets.wechatSecret,
  'secrets/app-secret': secrets.appSecret,
  'secrets/api-key': secrets.apiKey,
  'secrets/private-key': secrets.privateKey,
  'secrets/token-inside': secrets.tokenInside,
  'secrets/signed-here': secrets.signedHere,
  'secrets/weixin-api': secrets.weixinApi,
  'privacy/required-infos': privacy.requiredInfos,
  'privacy/location-permission': privacy.locationPermission,
  'privacy/check-off': privacy.checkOff,
  'privacy/guideline': privacy.guideline,
  'npm/not-installed': npm.notInstalled,
  'npm/not-built': npm.notBuilt,
  'npm/stale': npm.stale,
  'npm/component-missing': npm.componentMissing,
  'npm/peer-missing': npm.peerMissing,
  'npm/versions-differ': npm.versionsDiffer,
  'npm/name-taken': npm.nameTaken,
  'npm/tag-undeclared': npm.tagUndeclared,
  'subpackages/independent': subpackages.independent,
  'subpackages/main-into-sub': subpackages.mainIntoSub,
  'subpackages/no-preload': subpackages.noPreload,
  'subpackages/preload-unknown': subpackages.preloadUnknown,
  'subpackages/preload-too-large': subpackages.preloadTooLarge,
  'subpackages/lazy-loading': subpackages.lazyLoading,
}
