/** The tables of docs/errors.md: codes that commands raise, and codes that rows meet. */
import { readFileSync } from 'node:fs'
import { GATE_ERRORS } from '../../src/engine/nodes/plugin-call.ts'
import { EXPRESSION_ERRORS } from '../../src/expression/expression.ts'
import type { ErrorCode } from '../../src/model/error.ts'
import { ERRORS } from '../../src/model/error-codes.ts'
import { builtins } from '../../src/plugins/index.ts'
import { SCHEMA_ERRORS } from '../../src/sdk/schema-check.ts'
import { code, table } from './markdown.ts'

const SOURCES = [
  'error-codes',
  'ledger-error-codes',
  'secret-error-codes',
  'answer-error-codes',
  'server-error-codes',
].map(name => new URL(`../../src/model/${name}.ts`, import.meta.url))

/** One table for each group of the sources; the comments there are its titles. */
export function errorTables(): string {
  return groups()
    .map(([title, codes]) => {
      const rows = codes.map(each => [
        `<a id="${each.toLowerCase()}"></a>${code(each)}`,
        ERRORS[each].summary,
        ERRORS[each].hint,
        String(ERRORS[each].exit),
      ])
      return `### ${title[0]?.toUpperCase()}${title.slice(1)}\n\n${table(['code', 'what is wrong', 'what to do', 'exit'], rows)}`
    })
    .join('\n\n')
}

/** @throws Error if the comments of the sources don't group all codes. */
function groups(): ReadonlyArray<readonly [title: string, codes: readonly ErrorCode[]]> {
  const found: [string, ErrorCode[]][] = []
  for (const line of SOURCES.flatMap(source => readFileSync(source, 'utf8').split('\n'))) {
    const title = /^ {2}\/\/ (.+)$/.exec(line)?.[1]
    if (title !== undefined) found.push([title, []])
    const name = /^ {2}(CUSTODY_[A-Z_]+):/.exec(line)?.[1]
    if (name !== undefined) found.at(-1)?.[1].push(name as ErrorCode)
  }
  const grouped = found.flatMap(([, codes]) => codes)
  if (grouped.join() !== Object.keys(ERRORS).join()) throw new Error('some codes of ERRORS are in no group')
  return found
}

export function expressionErrors(): string {
  return rowErrors(EXPRESSION_ERRORS)
}

export function schemaErrors(): string {
  return rowErrors(SCHEMA_ERRORS)
}

export function gateErrors(): string {
  return rowErrors(GATE_ERRORS)
}

/** All codes of plugins that aren't expressions' own, with the plugins that have them. */
export function pluginErrors(): string {
  const found = new Map<string, { readonly when: string; readonly by: string[] }>()
  for (const spec of builtins) {
    for (const [name, when] of Object.entries(spec.errors)) {
      if (name in EXPRESSION_ERRORS) continue
      const key = `${name}\n${when}`
      const known = found.get(key)
      if (known === undefined) found.set(key, { when, by: [`${spec.name} (${spec.kind})`] })
      else known.by.push(`${spec.name} (${spec.kind})`)
    }
  }
  const rows = [...found].map(([key, { when, by }]) => [code(key.split('\n')[0] ?? ''), when, by.join(', ')])
  return table(
    ['code', 'when', 'plugins'],
    rows.sort(([a = ''], [b = '']) => (a < b ? -1 : a > b ? 1 : 0)),
  )
}

function rowErrors(errors: { readonly [name: string]: string }): string {
  return table(
    ['code', 'when'],
    Object.entries(errors).map(([name, when]) => [code(name), when]),
  )
}
