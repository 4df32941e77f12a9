/**
 * Paths with places for a row's values: `out/{{ row.region }}/{{ row.month }}.csv`. Whatever a row holds, it can't lead elsewhere: slashes
 * are those that the template writes out, and what stands between two of them is a name.
 */
import type { Row } from '../../model/row.ts'
import { rowError } from '../../sdk/results.ts'
import type { FieldRequirement, OptionProblem, RowError } from '../../sdk/spec.ts'
import { compileTemplate, isTemplate, type Template } from '../templates/template.ts'
import { EMPTY, nameOfValue, nameProblem } from './path-segment.ts'

export const PATH_ERRORS = {
  PATH_NULL: 'A value that the path needs is null or missing.',
  PATH_VALUE: 'A value can’t be a part of the path: it is empty, has a slash, is a reserved name, or the like.',
  PATH_IN_USE: 'The path is that of a file that the run needs or writes otherwise.',
  PATH_FILES: 'The row would make one file more than `max_files`.',
}

export interface PathTemplate {
  /** What stands before the first name that has a value; `.` if nothing does. */
  readonly folder: string
  /** The names behind that, with `*` for each value. */
  readonly pattern: string
  readonly fields: readonly string[]
  /** The names behind `folder`, for a row: as many as the pattern has, none of them checked yet. */
  render(row: Row): string | RowError
  /** Why there can't be a file of these names, which the row gave; null if there can. Equal names needn't be asked about twice. */
  problemOf(names: string, row: Row): RowError | null
}

/** Whether a path depends on the row. */
export function isByValue(path: string): boolean {
  return /\{[{%]/.test(path)
}

/** @throws TypeError for what `pathProblems` refuses. */
export function compilePath(path: string): PathTemplate {
  const template = compileTemplate(path, { escaping: nameOfValue })
  if (!isTemplate(template)) throw new TypeError(template.problem)
  const { folder, pattern } = partsOf(template)
  const parts = fieldsOfNames(template, folder)
  return {
    folder: folder === '' ? '.' : folder,
    pattern,
    fields: template.fields,
    render(row) {
      const rendered = template.render(row)
      if (!rendered.ok) {
        // Filters make nothing of null.
        const lacking = rendered.message.includes(EMPTY) ? template.fields.find(each => row[each] == null) : undefined
        const code = rendered.missing === true || lacking !== undefined ? 'PATH_NULL' : 'PATH_VALUE'
        const field = lacking ?? rendered.field
        return rowError(code, `the path: ${rendered.message}`, field === undefined ? {} : { field })
      }
      return rendered.value.slice(folder.length)
    },
    problemOf(names, row) {
      for (const [at, name] of names.split('/').entries()) {
        const problem = nameProblem(name)
        if (problem === null) continue
        return rowError(
          'PATH_VALUE',
          `the path: the name ${JSON.stringify(name)} ${problem}`,
          about(parts[at] ?? [], row),
        )
      }
      return null
    },
  }
}

/** The fields that each name behind `folder` has in it: a value has no slash, so that there are as many names as are written out. */
function fieldsOfNames({ pieces }: Template, folder: string): readonly (readonly string[])[] {
  const names: string[][] = [[]]
  for (const each of pieces) {
    if (each.kind !== 'text') names.at(-1)?.push(...each.fields)
    else for (const _slash of each.text.matchAll(/\//g)) names.push([])
  }
  return names.slice(folder.split('/').length - 1)
}

/** The field that a name is wrong for: the only one in it, or the only one that could be no name by itself. */
function about(fields: readonly string[], row: Row): { readonly field?: string } {
  const all = [...new Set(fields)]
  const wrong = all.length === 1 ? all : all.filter(each => nameProblem(String(row[each])) !== null)
  const [field, ...others] = wrong
  return field === undefined || others.length > 0 ? {} : { field }
}

/** Outputs that say nothing of a row, or all of it, which is no name. */
function outputProblem({ pieces }: Template): { readonly message: string; readonly hint: string } | null {
  for (const each of pieces) {
    if (each.kind !== 'output') continue
    const hint = 'Write {{ row.field }} for the value of a field.'
    if (each.whole_row) return { message: `${each.text} is the whole row, which is no part of a name`, hint }
    if (each.fields.length > 0) continue
    return {
      message: `${each.text} is the same for every row`,
      hint: `${hint} What is the same for all is written out.`,
    }
  }
  return null
}

/** What is wrong with the option `path`. */
export function pathProblems(path: string): readonly OptionProblem[] {
  if (!isByValue(path)) return []
  const template = compileTemplate(path, { escaping: nameOfValue })
  const wrong = (message: string, hint: string): OptionProblem => ({ path: ['path'], message, hint })
  if (!isTemplate(template))
    return [
      wrong(`the path isn’t a template: ${template.problem}`, template.hint ?? 'Write {{ row.field }} for a value.'),
    ]
  if (template.pieces.some(({ kind }) => kind === 'tag'))
    return [wrong('a path has values, and no tags', 'Write {{ row.field }}, with filters where they help.')]
  const bare = template.bare.map(field => wrong(`{{ ${field} }} doesn’t say whose it is`, `Write {{ row.${field} }}.`))
  if (bare.length > 0) return bare
  const output = outputProblem(template)
  if (output !== null) return [wrong(output.message, output.hint)]
  if (path.includes('\\')) return [wrong('the path has a backslash', 'Write slashes between names.')]
  if (template.pieces.some(each => each.kind === 'text' && each.text.includes('*')))
    return [wrong('the path has a *, which no name may have on some systems', 'Leave it out.')]
  const { pattern } = partsOf(template)
  for (const name of pattern.split('/')) {
    const problem = nameProblem(name.replaceAll('*', 'x'))
    if (problem === null) continue
    const hint = 'Behind the first value every name is written out: none is empty, . or ..'
    return [wrong(`the path’s name ${JSON.stringify(name)} ${problem}`, hint)]
  }
  return []
}

/** The fields that the path needs. */
export function pathRequirements(path: string): readonly FieldRequirement[] {
  const template = isByValue(path) ? compileTemplate(path, { escaping: nameOfValue }) : null
  if (template === null || !isTemplate(template)) return []
  return template.fields.map(field => ({ field, path: ['path'] }))
}

/** `folder` ends with a slash, or is empty. */
function partsOf({ pieces }: Template): { readonly folder: string; readonly pattern: string } {
  const text = pieces.map(each => (each.kind === 'text' ? each.text : '*')).join('')
  const at = text.lastIndexOf('/', text.indexOf('*')) + 1
  return { folder: text.slice(0, at), pattern: text.slice(at) }
}
