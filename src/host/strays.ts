/**
 * Watches the process while a run is in it: whatever nobody catches is reported to the run, which stops, and only Custody ends the
 * process.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { type Strays, strayDefect } from '../engine/calls/strays.ts'
import type { Plan } from '../plan/plan.ts'
import { builtins } from '../plugins/index.ts'
import type { PluginSpec } from '../sdk/spec.ts'

/** For how long what the user's plugins still do after the run is reported; by then the process has ended (bin/custody.js). */
const LINGERS_MS = 4_000

interface Stray {
  readonly node: string | null
  readonly thrown: unknown
}

export interface Watched extends Strays {
  /** The run is over. */
  close(): void
}

/** `onLate` takes what plugins still do when the run is over. */
export function watchPlugins(plan: Plan, onLate: (what: string) => void): Watched {
  const nodes = new AsyncLocalStorage<string>()
  const own = ownNodes(plan)
  let listener: ((node: string | null, thrown: unknown) => void) | null = null
  /** What has not been reported yet. */
  const unreported: Stray[] = []
  const onStray = (thrown: unknown) => {
    const node = nodes.getStore() ?? null
    if (listener === null) unreported.push({ node, thrown })
    else listener(node, thrown)
  }
  const { exit } = process
  const refuse = (code?: number | string | null): never => {
    const thrown = new Error(`process.exit(${code ?? ''}) was called, and only Custody ends a run`)
    onStray(thrown)
    throw thrown
  }
  // Many runs can be in one process, one after the other, and each listens a while longer than it takes.
  process.setMaxListeners(process.getMaxListeners() + 1)
  process.on('uncaughtException', onStray)
  process.on('unhandledRejection', onStray)
  process.exit = refuse
  return {
    // Built-in plugins leave nothing behind, and most rows are theirs.
    within: (node, call) => (own.has(node) ? nodes.run(node, call) : call()),
    listen: onNext => {
      listener = onNext
      for (const { node, thrown } of unreported.splice(0)) onNext(node, thrown)
      return () => {
        listener = null
      }
    },
    close: () => {
      const end = () => {
        process.exit = exit
        process.off('uncaughtException', onStray)
        process.off('unhandledRejection', onStray)
        process.setMaxListeners(process.getMaxListeners() - 1)
      }
      const report = ({ node, thrown }: Stray) => {
        const error = strayDefect(node, thrown)
        onLate(error instanceof Error ? error.message : String(error))
      }
      listener = (node, thrown) => report({ node, thrown })
      for (const each of unreported) report(each)
      if (own.size === 0) end()
      else setTimeout(end, LINGERS_MS).unref()
    },
  }
}

/** Nodes whose plugins aren't built in: no other can have the name of one that is. A test puts stand-ins in their places. */
function ownNodes({ nodes }: Plan): ReadonlySet<string> {
  const keyOf = ({ kind, name }: Pick<PluginSpec, 'kind' | 'name'>) => `${kind} ${name}`
  const known = new Set(builtins.map(keyOf))
  const specOf = (node: Plan['nodes'][number]): PluginSpec | null => {
    if (node.kind === 'gate') return node.by.kind === 'plugin' ? node.by.plugin.spec : null
    return 'plugin' in node ? node.plugin.spec : null
  }
  return new Set(
    nodes.flatMap(node => {
      const spec = specOf(node)
      return spec === null || known.has(keyOf(spec)) ? [] : [node.name]
    }),
  )
}
