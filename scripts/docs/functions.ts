/** docs/functions.md: a list of the functions of expressions, and a table of them for each subject, from the library. */
import { LIBRARY } from '../../src/expression/library/index.ts'
import { signaturesOf } from '../../src/expression/library/signatures.ts'
import type { FunctionSpec } from '../../src/expression/library/spec.ts'
import { code } from './markdown.ts'

/** Their names by subject, as links. */
export function functionList(): string {
  const names = (functions: readonly FunctionSpec[]) =>
    functions.map(({ name }) => `[${code(name)}](#${anchor(name)})`).join(' · ')
  return LIBRARY.map(({ title, functions }) => `- **${title}**: ${names(functions)}`).join('\n')
}

/** As the usual renderers make it of a heading. */
const anchor = (heading: string) => heading.toLowerCase().replaceAll(/[^\w-]/g, '')

export function functionPages(): string {
  return LIBRARY.map(({ title, functions }) => [`## ${title}`, ...functions.map(page)].join('\n\n')).join('\n\n')
}

function page(spec: FunctionSpec): string {
  const { name, form, from, summary, details, examples, errors = {} } = spec
  const either = form === 'both' ? ` Also as \`x.${name}(…)\`.` : ''
  const failing = Object.entries(errors)
  return [
    `### ${name}`,
    `${summary}${either} *From ${from}.*`,
    ...(details === undefined ? [] : [details]),
    signaturesOf(spec)
      .map(signature => `- ${code(signature)}`)
      .join('\n'),
    `\`\`\`text\n${examples.map(([source, result]) => `${source}  →  ${JSON.stringify(result)}`).join('\n')}\n\`\`\``,
    ...(failing.length === 0
      ? []
      : [`Fails with ${failing.map(([name, source]) => `${code(name)} as in ${code(source)}`).join(', ')}.`]),
  ].join('\n\n')
}
