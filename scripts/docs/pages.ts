/**
 * Pages of docs/ with parts that are made from the code. Such a part stands between `<!-- generated: NAME -->` and
 * `<!-- end -->`; everything else on a page is written by hand and stays as it is.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PIPELINE } from '../../src/config/format.ts'
import { TESTS } from '../../src/config/tests/format.ts'
import { routeTables } from './api.ts'
import { chaosOptionsTable, faultsTable } from './chaos.ts'
import { elementsTable, ledgerKeysTable, runKeysTable, subjectKeysTable } from './entry-tables.ts'
import { errorTables, expressionErrors, gateErrors, pluginErrors, schemaErrors } from './errors.ts'
import { forgeriesTable } from './forgeries.ts'
import { functionList, functionPages } from './functions.ts'
import { outcomePathsTable } from './outcome-paths.ts'
import { carriesTable, outcomesTable } from './outcomes.ts'
import { keysTable, objectsOf } from './pipeline-file.ts'
import { pluginList, pluginPages } from './plugins.ts'
import { viewPages, viewsTable } from './views.ts'
import { beginnings, checksTable } from './writing-plugins.ts'

export const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url))

const PART = /(<!-- generated: (.+?) -->\n)[\s\S]*?(\n?<!-- end -->)/g

export interface Page {
  /** File name in docs/. */
  readonly name: string
  readonly text: string
  /** What the text should be. */
  readonly wanted: string
  /** Names of its generated parts. */
  readonly parts: readonly string[]
}

/** All pages, by name. @throws Error if a page asks for a part that there isn't. */
export function pages(): readonly Page[] {
  const parts = allParts()
  return readdirSync(DOCS)
    .filter(name => name.endsWith('.md'))
    .sort()
    .map(name => {
      const text = readFileSync(`${DOCS}${name}`, 'utf8')
      const used: string[] = []
      const wanted = text.replaceAll(PART, (_, begin: string, part: string) => {
        const made = parts.get(part)
        if (made === undefined) throw new Error(`docs/${name} asks for a part that nothing makes: ${part}`)
        used.push(part)
        return `${begin}\n${made()}\n\n<!-- end -->`
      })
      return { name, text, wanted, parts: used }
    })
}

/** By name, as pages ask for them. */
export function allParts(): ReadonlyMap<string, () => string> {
  const parts = new Map([
    ['outcomes', outcomesTable],
    ['views', viewsTable],
    ['view pages', viewPages],
    ['what endings carry', carriesTable],
    ['outcome paths', outcomePathsTable],
    ['forgeries', forgeriesTable],
    ['keys of rows and batches', subjectKeysTable],
    ['elements of rows and batches', elementsTable],
    ['keys of the run', runKeysTable],
    ['keys of log 0', ledgerKeysTable],
    ['error codes', errorTables],
    ['routes', routeTables],
    ['expression errors', expressionErrors],
    ['schema errors', schemaErrors],
    ['gate errors', gateErrors],
    ['plugin errors', pluginErrors],
    ['plugin list', pluginList],
    ['plugin pages', pluginPages],
    ['conformance checks', checksTable],
    ...beginnings(),
    ['function list', functionList],
    ['functions', functionPages],
    ['chaos faults', faultsTable],
    ['chaos options', chaosOptionsTable],
  ])
  for (const [what, shape] of [...objectsOf(PIPELINE), ...objectsOf(TESTS)])
    parts.set(`keys of ${what}`, () => keysTable(shape))
  return parts
}
