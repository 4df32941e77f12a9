/** All about one function of expressions, as a page of text. */
import { signaturesOf } from '../../expression/library/signatures.ts'
import type { FunctionSpec } from '../../expression/library/spec.ts'
import type { Paint } from '../terminal.ts'
import { filled, valueText } from './text.ts'

export function renderFunction(spec: FunctionSpec, columns: number, paint: Paint): string {
  const { name, form, from, summary, details, examples, errors = {} } = spec
  const width = Math.min(columns, 100)
  const either = form === 'both' ? `  also as x.${name}(…)` : ''
  const failing = Object.entries(errors)
  return [
    `${paint('bold', name)}  ${paint('dim', `from ${from}`)}${either}`,
    ...paragraph(summary, width),
    ...(details === undefined ? [] : ['', ...paragraph(details, width)]),
    '',
    paint('bold', 'Called as'),
    ...signaturesOf(spec).map(signature => `  ${paint('cyan', signature)}`),
    '',
    paint('bold', 'Examples'),
    ...examples.map(([source, result]) => `  ${source}  →  ${valueText(result)}`),
    ...(failing.length === 0 ? [] : ['', paint('bold', 'Errors that a row can meet')]),
    ...failing.map(([code, source]) => `  ${paint('yellow', code)}  as in ${source}`),
  ].join('\n')
}

const paragraph = (text: string, width: number) => filled(text.replaceAll('`', ''), width - 2).map(line => `  ${line}`)
