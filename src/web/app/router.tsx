/** Every screen and its URL. */
import { createRootRoute, createRoute, createRouter, Outlet } from '@tanstack/react-router'
import { RunsScreen } from '../runs/runs-screen.tsx'

const root = createRootRoute({ component: Outlet })
const runs = createRoute({ getParentRoute: () => root, path: '/', component: RunsScreen })

export const router = createRouter({ routeTree: root.addChildren([runs]), defaultPreload: 'intent' })

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
