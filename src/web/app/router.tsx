/** Every screen and its URL. Screens are loaded when somebody goes there. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { Empty } from '../parts/states.tsx'
import { ScreenFailed } from './error-boundary.tsx'
import { Layout } from './layout.tsx'
import { RunLayout } from './run-layout.tsx'
import { parseSearch, searchText, searchWords } from './search-words.ts'

const root = createRootRoute({ component: Layout, notFoundComponent: NotFound })
const at = <const Path extends string>(path: Path) => ({
  getParentRoute: () => root,
  path,
  validateSearch: searchWords,
})

const runs = createRoute({
  ...at('/'),
  component: lazyRouteComponent(() => import('../runs/runs-screen.tsx'), 'RunsScreen'),
})
const compare = createRoute({
  ...at('/compare'),
  component: lazyRouteComponent(() => import('../compare/compare-screen.tsx'), 'CompareScreen'),
})
const evidence = createRoute({
  ...at('/evidence'),
  component: lazyRouteComponent(() => import('../evidence/evidence-screen.tsx'), 'EvidenceScreen'),
})
const run = createRoute({ getParentRoute: () => root, path: '/runs/$run', component: RunLayout })
const ofRun = <const Path extends string>(path: Path) => ({
  getParentRoute: () => run,
  path,
  validateSearch: searchWords,
})
const overview = createRoute({
  ...ofRun('/'),
  component: lazyRouteComponent(() => import('../run/run-screen.tsx'), 'RunScreen'),
})
const problems = createRoute({
  ...ofRun('/problems'),
  component: lazyRouteComponent(() => import('../problems/problems-screen.tsx'), 'ProblemsScreen'),
})
const rows = createRoute({
  ...ofRun('/rows'),
  component: lazyRouteComponent(() => import('../rows/rows-screen.tsx'), 'RowsScreen'),
})
const row = createRoute({
  ...ofRun('/rows/$row'),
  component: lazyRouteComponent(() => import('../row/row-screen.tsx'), 'RowScreen'),
})
const token = createRoute({
  ...ofRun('/tokens/$token'),
  component: lazyRouteComponent(() => import('../row/row-screen.tsx'), 'TokenScreen'),
})

export const router = createRouter({
  routeTree: root.addChildren([runs, compare, evidence, run.addChildren([overview, problems, rows, row, token])]),
  defaultPreload: 'intent',
  scrollRestoration: true,
  defaultErrorComponent: ScreenFailed,
  parseSearch,
  stringifySearch: searchText,
})

function NotFound() {
  return (
    <>
      <h1>There is no such screen</h1>
      <Empty title="This address leads nowhere">
        <p>
          <a href="/">All runs of the ledger</a>
        </p>
      </Empty>
    </>
  )
}

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
