/**
 * Which `--set` somebody may give who starts runs from afar. What a run does is what its pipeline file says: who may change paths, addresses
 * or plugins could read and write whatever the server can, and who may name variables could read its secrets.
 */
import { setPath } from '../../config/set.ts'
import { CustodyError } from '../../model/error.ts'

/** As `resume` has it: how much, how often, when to stop. */
const OF_RUNS: ReadonlySet<string> = new Set(['limits', 'retry', 'guards'])
/** What nodes decide by, and with what; never which code does it, nor where rows go. */
const CODE: ReadonlySet<string> = new Set(['transform', 'aggregate', 'plugin'])
const WAYS: ReadonlySet<string> = new Set([
  'fork',
  'coalesce',
  'join',
  'sort',
  'to',
  'routes',
  'on_error',
  'else',
  'label',
])
/** Keys whose values name what lies outside of the pipeline. */
const OUTSIDE =
  /^(.*_)?(path|paths|file|files|folder|dir|directory|url|uri|endpoint|address|host|command|module|headers?|secret|key_file)$/
const VARIABLE = /\$\{/
/** What `--set` would take for YAML: its keys could be written in many ways. */
const YAML = /^\s*[[{"']/

/** Arguments of `--set`, for a run or a resume. @throws CustodyError CUSTODY_BAD_SET */
export function runSettings(set: { readonly [path: string]: string }): readonly string[] {
  return argumentsOf(set, steps => {
    const [first, , third] = steps
    const is_of_run = OF_RUNS.has(first ?? '') || (first === 'sources' && third === 'guards')
    return is_of_run ? null : 'only limits, retry and guards may be set from here'
  })
}

/** The same for a replay that tries something. @throws CustodyError CUSTODY_BAD_SET */
export function whatIfSettings(set: { readonly [path: string]: string }): readonly string[] {
  return argumentsOf(set, ([first, , third]) => {
    if (first !== 'nodes') return 'only nodes may be changed'
    return CODE.has(third ?? '') ? 'which plugin a node has can’t be changed from here' : null
  })
}

/**
 * Why what stands at this path isn't offered for a try; null if it is. Ways may be set by whoever names them, and are nothing to be tried by
 * another value.
 */
export function whyNotTried(steps: readonly string[], value: string): string | null {
  const [, , third, , fifth] = steps
  if (CODE.has(third ?? '') || WAYS.has(third ?? '')) return 'it says which code a node is, or where rows go'
  if (third === 'cases' && fifth !== 'when') return 'it says where rows go'
  return outsideIn(steps, value)
}

function argumentsOf(
  set: { readonly [path: string]: string },
  refusal: (steps: readonly string[]) => string | null,
): readonly string[] {
  return Object.entries(set).map(([path, value]) => {
    const argument = `${path}=${value}`
    // A `=` within the path would make another path of it.
    const steps = path.includes('=') ? null : setPath(argument)
    const why = steps === null ? 'it is no path' : (refusal(steps) ?? outsideIn(steps, value))
    if (why !== null)
      throw new CustodyError('CUSTODY_BAD_SET', `${JSON.stringify(path)} can’t be set: ${why}`, {
        hint: 'Change the pipeline file.',
      })
    return argument
  })
}

function outsideIn(steps: readonly string[], value: string): string | null {
  if (steps.some(each => OUTSIDE.test(each))) return 'it names something outside of the pipeline'
  if (YAML.test(value)) return 'its value is a list, a map or a quoted text: only plain texts and numbers may be given'
  return VARIABLE.test(value) ? 'its value has a variable' : null
}
