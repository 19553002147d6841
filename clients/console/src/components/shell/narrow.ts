/** Whether the panel has no room beside the conversation and lies over it; the width is that of `ThreeColumns`. */
import { onScopeDispose, ref, type Ref } from 'vue'

export function useNarrow(): Ref<boolean> {
  const query = matchMedia('(max-width: 1179px)')
  const narrow = ref(query.matches)
  const follow = (event: MediaQueryListEvent) => (narrow.value = event.matches)
  query.addEventListener('change', follow)
  onScopeDispose(() => query.removeEventListener('change', follow))
  return narrow
}
