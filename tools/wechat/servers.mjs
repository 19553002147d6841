// What miniprogram-ci asks WeChat's servers before it compiles, answered here. This is the one place that reaches into
// the package, and what to look at when its version changes:
//   1. `attr`: what kind of account the AppID has and its limits. Answered with the package's own defaults, as of a
//      released program.
//   2. the list of file endings that a program may contain. Answered with the package's own, which it would also take,
//      after an error message, when the server can't be reached.
// Neither has to do with what is wrong in a template, a style, a script or a configuration.

export function answerForServers(ci, require) {
  const endings = require('miniprogram-ci/dist/utils/white_ext_list')
  const { GameWhiteList, MiniProgramWhiteList } = endings
  endings.getWhiteExtList = async () => ({
    GameWhiteList: new Set(GameWhiteList),
    MiniProgramWhiteList: new Set(MiniProgramWhiteList),
  })
  const account = { ...ci.DefaultProjectAttr, released: true }
  return (project) => Object.assign(project, { attr: async () => account, attrSync: () => account, _attr: account })
}
