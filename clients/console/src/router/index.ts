/** The screens and who may enter them. Administration is loaded when it is first opened. */
import { createRouter, createWebHashHistory, type RouteRecordRaw } from 'vue-router'
import { useSession } from '@/stores/session'

declare module 'vue-router' {
  interface RouteMeta {
    open?: boolean
    admin?: boolean
    plain?: boolean
    /** Fills the whole window, without the rail. */
    bare?: boolean
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/', redirect: () => (useSession().mayServe ? '/desk' : '/messages') },
  { path: '/sign-in', component: () => import('@/views/SignInView.vue'), meta: { open: true, plain: true } },
  { path: '/invite/:token', component: () => import('@/views/InviteView.vue'), meta: { open: true, plain: true } },
  { path: '/reset/:token', component: () => import('@/views/InviteView.vue'), meta: { open: true, plain: true } },
  { path: '/password', component: () => import('@/views/MustChangeView.vue'), meta: { plain: true } },
  { path: '/desk/:id?', component: () => import('@/views/DeskView.vue') },
  { path: '/callbacks', component: () => import('@/views/CallbacksView.vue') },
  { path: '/messages/:id?', component: () => import('@/views/MessengerView.vue') },
  { path: '/search', component: () => import('@/views/SearchView.vue') },
  { path: '/replies', component: () => import('@/views/RepliesView.vue') },
  { path: '/wall', component: () => import('@/views/WallView.vue'), meta: { bare: true } },
  { path: '/me', component: () => import('@/views/MeView.vue') },
  {
    path: '/admin',
    component: () => import('@/views/AdminView.vue'),
    meta: { admin: true },
    redirect: '/admin/staff',
    children: [
      { path: 'staff', component: () => import('@/views/admin/StaffView.vue') },
      { path: 'shops', component: () => import('@/views/admin/ShopsView.vue') },
      { path: 'queues', component: () => import('@/views/admin/QueuesView.vue') },
      { path: 'agents', component: () => import('@/views/admin/AgentsView.vue') },
      { path: 'hours', component: () => import('@/views/admin/HoursView.vue') },
      { path: 'replies', component: () => import('@/views/RepliesView.vue') },
      { path: 'notify', component: () => import('@/views/admin/NotifyView.vue') },
      { path: 'faq', component: () => import('@/views/admin/FaqView.vue') },
      { path: 'bot', component: () => import('@/views/admin/BotView.vue') },
      { path: 'rules', component: () => import('@/views/admin/RulesView.vue') },
      { path: 'closing', component: () => import('@/views/admin/ClosingView.vue') },
      { path: 'customers', component: () => import('@/views/admin/CustomersView.vue') },
      { path: 'keys', component: () => import('@/views/admin/KeysView.vue') },
      { path: 'statistics', component: () => import('@/views/StatisticsView.vue') },
      { path: 'reports', component: () => import('@/views/admin/ReportsView.vue') },
      { path: 'audit', component: () => import('@/views/admin/AuditView.vue') },
    ],
  },
  { path: '/:rest(.*)*', redirect: '/' },
]

export const router = createRouter({ history: createWebHashHistory(), routes })

router.beforeEach((to) => {
  const session = useSession()
  if (to.meta.open) return true
  if (!session.session)
    return { path: '/sign-in', query: (to.redirectedFrom ?? to).path === '/' ? {} : { next: to.fullPath } }
  if (session.mustChangePassword && to.path !== '/password') return '/password'
  if (to.matched.some((route) => route.meta.admin) && !session.isAdmin) return '/'
  return true
})
