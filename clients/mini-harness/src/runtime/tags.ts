// Tags the mini-program runtime itself provides. In the DOM they carry the prefix "wx-".
export const BUILTIN_TAGS: ReadonlySet<string> = new Set(
  (
    'view text image input textarea button scroll-view swiper swiper-item rich-text icon video audio camera canvas ' +
    'form label picker picker-view picker-view-column navigator switch slider progress checkbox checkbox-group radio ' +
    'radio-group cover-view cover-image map web-view movable-view movable-area page-container root-portal page-meta ' +
    'navigation-bar match-media'
  ).split(' '),
)
