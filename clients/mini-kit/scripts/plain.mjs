// What esbuild writes around small modules that are given as they are, in fewer words: half a KiB in each of them is how
// it copies exports and spreads objects, with care for what the kit has none of (getters, symbols, live copies).

const COPIES =
  /(?:,|;var )__copyProps=\(to,from,except,desc\)=>\{if\(from.*?return to\};var __toCommonJS=mod=>__copyProps\(__defProp\(\{\},"__esModule",\{value:!0\}\),mod\);/
const NAMES = /var (\w+_exports)=\{\};(__export\(\1,)?/
const GIVEN = /module\.exports=__toCommonJS\(\w+_exports\);/
const SPREAD = /__defNormalProp=\(obj,key,value\)=>.*?,__spreadValues=\(a,b\)=>\{.*?return a\}/
const SPREAD_MORE = /__spreadProps=\(a,b\)=>__defProps\(a,__getOwnPropDescs\(b\)\)/
const SHORTHANDS =
  '__getOwnPropDesc __getOwnPropDescs __getOwnPropNames __getOwnPropSymbols __hasOwnProp __propIsEnum __defProps __defProp'

/** What is exported stands on `exports` itself; a spread is `Object.assign`. */
export function plain(code, file) {
  const spread = code
    .replace(SPREAD, '__spreadValues=Object.assign')
    .replace(SPREAD_MORE, '__spreadProps=Object.assign')
  return SHORTHANDS.split(' ').reduce(withoutUnused, exported(spread, file))
}

function exported(code, file) {
  if (!code.includes('__toCommonJS')) return code
  for (const part of [COPIES, NAMES, GIVEN])
    if (!part.test(code)) throw new Error(`${file}: esbuild exports in another way than this knows (${part})`)
  return code
    .replace(COPIES, ';__defProp(exports,"__esModule",{value:!0});')
    .replace(NAMES, (_, name, begin) => (begin ? '__export(exports,' : ''))
    .replace(GIVEN, '')
}

function withoutUnused(code, name) {
  if (code.split(new RegExp(`\\b${name}\\b`)).length !== 2) return code
  const defined = new RegExp(`(var |,)${name}=Object\\.[\\w.]+([,;])`)
  return code.replace(defined, (_, before, after) => (before === ',' ? after : after === ',' ? before : ''))
}
