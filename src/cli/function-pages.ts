/** The library of expressions, or all there is to know of one function. */
import { LIBRARY } from '../expression/library/index.ts'
import { functionsNamed, nearestFunction, signaturesOf } from '../expression/library/signatures.ts'
import type { FunctionSpec } from '../expression/library/spec.ts'
import { CustodyError } from '../model/error.ts'
import type { Context } from './context.ts'
import { renderFunction } from './render/function.ts'
import { padEnd, shorten } from './render/text.ts'

/** @throws CustodyError CUSTODY_UNKNOWN_FUNCTION */
export function printFunctions(context: Context, name: string | undefined, json: boolean): void {
  const specs = name === undefined ? LIBRARY.flatMap(({ functions }) => functions) : named(name)
  if (json) context.terminal.answerJson(specs.map(functionJson))
  else context.terminal.answer(name === undefined ? list(context) : pages(specs, context))
}

function named(name: string): readonly FunctionSpec[] {
  const specs = functionsNamed(name)
  if (specs.length > 0) return specs
  const hint = hintFor(name)
  throw new CustodyError(
    'CUSTODY_UNKNOWN_FUNCTION',
    `no function of expressions has the name ${JSON.stringify(name)}`,
    hint === undefined ? {} : { hint },
  )
}

function hintFor(name: string): string | undefined {
  const names = LIBRARY.flatMap(({ functions }) => functions.map(each => each.name))
  const within = names.filter(each => each.startsWith(`${name}.`))
  if (within.length > 0) return `There are ${within.join(', ')}.`
  const nearest = nearestFunction(name)
  return nearest === undefined ? undefined : `did you mean ${nearest}?`
}

function list({ terminal, command }: Context): string {
  const { paint } = terminal
  const width = Math.max(...LIBRARY.flatMap(({ functions }) => functions.map(({ name }) => name.length)))
  const groups = LIBRARY.flatMap(({ title, functions }) => [
    paint('bold', title),
    ...functions.map(
      ({ name, summary }) =>
        `  ${paint('cyan', padEnd(name, width))}  ${shorten(summary.replaceAll('`', ''), terminal.columns - width - 4)}`,
    ),
    '',
  ])
  return [...groups, `${command} functions NAME shows all about one.`].join('\n')
}

function pages(specs: readonly FunctionSpec[], { terminal }: Context): string {
  return specs.map(spec => renderFunction(spec, terminal.columns, terminal.paint)).join('\n\n')
}

function functionJson(spec: FunctionSpec): unknown {
  const { name, form, from, summary, details, examples, errors = {} } = spec
  return {
    name,
    form,
    from,
    summary,
    ...(details === undefined ? {} : { details }),
    signatures: signaturesOf(spec),
    examples: examples.map(([expression, result]) => ({ expression, result })),
    errors: Object.entries(errors).map(([code, expression]) => ({ code, expression })),
  }
}
