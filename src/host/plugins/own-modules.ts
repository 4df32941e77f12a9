/**
 * Lets plugin files import `custody/sdk` and `zod` wherever they lie: where no package of that name is installed, the running
 * Custody's own are meant. What is installed beside a plugin comes first.
 */
import { registerHooks } from 'node:module'

const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const OWN: ReadonlyMap<string, string> = new Map([
  ['custody/sdk', new URL(`../../sdk/index.${EXTENSION}`, import.meta.url).href],
  ['custody/sdk/testing', new URL(`../../sdk/testing.${EXTENSION}`, import.meta.url).href],
  ['custody/chaos', new URL(`../../chaos/index.${EXTENSION}`, import.meta.url).href],
  ['zod', import.meta.resolve('zod')],
])

let offered = false

/** From now on, for the whole process. Can be called again. */
export function offerOwnModules(): void {
  if (offered) return
  offered = true
  registerHooks({
    resolve(specifier, context, nextResolve) {
      try {
        return nextResolve(specifier, context)
      } catch (error) {
        const own = OWN.get(specifier)
        if (own === undefined) throw error
        return { url: own, shortCircuit: true }
      }
    },
  })
}
