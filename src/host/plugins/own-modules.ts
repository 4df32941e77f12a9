/**
 * Lets plugin files import `custody/sdk` and `zod` wherever they lie: where no package of that name is installed, the running
 * Custody's own are meant. What is installed beside a plugin comes first.
 */
import { registerHooks } from 'node:module'
import { ownModule } from '../../model/own-file.ts'

const OWN: ReadonlyMap<string, string> = new Map([
  ['custody/sdk', ownModule('sdk/index').href],
  ['custody/sdk/testing', ownModule('sdk/testing').href],
  ['custody/chaos', ownModule('chaos/index').href],
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
