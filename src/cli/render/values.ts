/** The values of a row with their numbers, by which `prove --withhold` names them. */

import { idText } from '../../model/part-ids.ts'
import type { CallStory, Story, VisitStory } from '../../read/explain/story.ts'
import { filled, printable } from './text.ts'

/** `Values  1 as it was read · 2 from map · 3 error at screen` */
export function renderValues(story: Story, columns: number): string[] {
  const texts = [...valuesOf(story)].map(([number, what]) => `${number} ${what}`)
  if (texts.length === 0) return ['It has no values.']
  const [first = '', ...rest] = filled(texts.join(' · '), Math.max(20, columns - LEAD.length))
  return [`${LEAD}${first}`, ...rest.map(line => `${' '.repeat(LEAD.length)}${line}`)]
}

const LEAD = 'Values  '

/** What each is, where it first stands. In order of their numbers. */
function valuesOf({ tokens }: Story): ReadonlyMap<number, string> {
  const found = new Map<number, string>()
  const note = (number: number, what: string) => {
    if (number > 0 && !found.has(number)) found.set(number, what)
  }
  for (const { token, visits, birth_value, merge_value, ending } of tokens) {
    if (visits[0]?.kind !== 'source') note(birth_value, `token ${idText(token)} as it was born`)
    note(merge_value, `what branches gave to token ${idText(token)}`)
    for (const visit of visits) {
      noteCalls(visit.calls, note)
      note(visit.error_value, `error at ${printable(visit.node)}`)
      note(visit.output_value, outputText(visit))
    }
    note(ending?.error_value ?? 0, `why token ${idText(token)} ended`)
  }
  return new Map([...found].sort(([a], [b]) => a - b))
}

function outputText({ kind, node }: VisitStory): string {
  return kind === 'source' ? 'as it was read' : `from ${printable(node)}`
}

function noteCalls(calls: readonly CallStory[], note: (number: number, what: string) => void): void {
  for (const { call, service, request_value, response_value } of calls) {
    note(request_value, `asked of ${printable(service)} (call ${idText(call)})`)
    note(response_value, `answer of ${printable(service)} (call ${idText(call)})`)
  }
}
