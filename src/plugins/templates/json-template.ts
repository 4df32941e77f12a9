/** JSON with templates in its texts. A text that is one output and nothing else becomes the value itself, a number say. */
import { type Json, type MutableRow, newRow, type Row } from '../../model/row.ts'
import type { SecretOption } from '../../sdk/spec.ts'
import { compileTemplate, isTemplate, type Rendered, templateProblem } from './template.ts'

type Path = readonly (string | number)[]

/** The same value twice: as it is meant, and with `{secret: NAME}` in place of secrets. */
export interface Filled {
  readonly meant: Json
  readonly shown: Json
}

export interface JsonTemplate {
  readonly variables: ReadonlyArray<{ readonly field: string; readonly path: Path }>
  readonly problems: ReadonlyArray<{ readonly path: Path; readonly message: string }>
  fill(row: Row): Rendered<Filled>
}

type Fill = (row: Row) => Filled

/** Why a text of the template can't be rendered. */
class Unfilled extends Error {
  readonly about: { readonly field?: string }

  constructor(message: string, field: string | undefined) {
    super(message)
    this.about = field === undefined ? {} : { field }
  }
}

/** `at`: where it stands among the options. Keys aren't templates, and neither are secrets. */
export function compileJsonTemplate(source: Json, at: Path, secrets: readonly SecretOption[]): JsonTemplate {
  const variables: { field: string; path: Path }[] = []
  const problems: { path: Path; message: string }[] = []
  const compile = (value: Json, path: Path): Fill => {
    const secret = secretAt(secrets, path)
    if (secret !== null) return () => ({ meant: value, shown: { secret } })
    if (typeof value === 'string') return compileText(value, path)
    if (typeof value !== 'object' || value === null) return () => ({ meant: value, shown: value })
    if (Array.isArray(value)) return fillList(value.map((each, index) => compile(each, [...path, index])))
    return fillMap(Object.entries(value).map(([key, each]) => [key, compile(each, [...path, key])]))
  }
  const compileText = (text: string, path: Path): Fill => {
    const template = compileTemplate(text)
    if (!isTemplate(template)) {
      problems.push(templateProblem(template, path))
      return () => ({ meant: text, shown: text })
    }
    variables.push(...template.fields.map(field => ({ field, path })))
    const render: (row: Row) => Rendered<Json> = template.value ?? template.render
    return row => {
      const rendered = render(row)
      if (!rendered.ok) throw new Unfilled(`${path.join('.')}: ${rendered.message}`, rendered.field)
      return { meant: rendered.value, shown: rendered.value }
    }
  }
  const fill = compile(source, at)
  return { variables, problems, fill: row => attempt(() => fill(row)) }
}

function fillList(fills: readonly Fill[]): Fill {
  return row => {
    const filled = fills.map(fill => fill(row))
    return { meant: filled.map(({ meant }) => meant), shown: filled.map(({ shown }) => shown) }
  }
}

function fillMap(fills: ReadonlyArray<readonly [string, Fill]>): Fill {
  return row => {
    const meant: MutableRow = newRow()
    const shown: MutableRow = newRow()
    for (const [key, fill] of fills) ({ meant: meant[key], shown: shown[key] } = fill(row))
    return { meant, shown }
  }
}

function attempt(fill: () => Filled): Rendered<Filled> {
  try {
    return { ok: true, value: fill() }
  } catch (error) {
    if (error instanceof Unfilled) return { ok: false, message: error.message, ...error.about }
    throw error
  }
}

/** Name of the secret that stands there; null if there is none. */
export function secretAt(secrets: readonly SecretOption[], path: Path): string | null {
  const found = secrets.find(each => each.path.length === path.length && each.path.every((step, i) => step === path[i]))
  return found?.name ?? null
}
