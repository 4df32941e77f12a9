/**
 * Plants changes in modules that nothing has loaded yet. Whoever imports such a module gets another one in its stead, which exports
 * the same but for what is changed.
 */
import { registerHooks } from 'node:module'
import type { Change } from './defect.ts'

/** By address of a module. */
const planted = new Map<string, Change[]>()
const have_run = new Set<Change>()
let only_watch = false

/** To be called once, before anything of the engine is loaded. `only_watch`: changes nothing, and only sees what runs. */
export async function plant(changes: readonly Change[], how: { readonly only_watch: boolean }): Promise<void> {
  only_watch = how.only_watch
  for (const each of changes) {
    const url = await addressOf(each.load)
    planted.set(url, [...(planted.get(url) ?? []), each])
  }
  registerHooks({
    load: (url, context, next) => {
      const here = planted.get(url)
      if (here === undefined) return next(url, context)
      return { format: 'module', source: moduleWith(here, url), shortCircuit: true }
    },
  })
}

/** Whether what it changes has ever run. */
export function hasRun(change: Change): boolean {
  return have_run.has(change)
}

/** Called by the module that stands in the stead of the one at `url`. Gives what that exports, with what is changed. */
export function changed(
  url: string,
  original: { readonly [name: string]: unknown },
): {
  readonly [name: string]: unknown
} {
  const exports = { ...original }
  for (const each of planted.get(url) ?? []) {
    const onRun = () => void have_run.add(each)
    exports[each.exported] = each.apply(exports[each.exported], { onRun, only_watch })
  }
  return exports
}

function moduleWith(changes: readonly Change[], url: string): string {
  const names = new Set(changes.map(({ exported }) => exported))
  // Under another address the same file is loaded as it is.
  const original = JSON.stringify(`${url}?original`)
  return `
    import { changed } from ${JSON.stringify(import.meta.url)}
    import * as original from ${original}
    export * from ${original}
    export const { ${[...names].join(', ')} } = changed(${JSON.stringify(url)}, original)
  `
}

/** Where the module stands that `load` imports. It isn't loaded by that: no module may be before all changes are known. */
async function addressOf(load: () => Promise<unknown>): Promise<string> {
  let found: string | null = null
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      found = next(specifier, context).url
      return { url: 'data:text/javascript,', format: 'module', shortCircuit: true }
    },
  })
  try {
    await load()
  } finally {
    hooks.deregister()
  }
  if (found === null) throw new TypeError('what is to import a module imports none')
  return found
}
