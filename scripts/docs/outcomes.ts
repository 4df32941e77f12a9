/** The tables of docs/outcomes.md, from the one table of outcomes. */
import { FATES, type Fate } from '../../src/model/outcome.ts'
import { code, table } from './markdown.ts'
import { whenText } from './outcome-when.ts'

export function outcomesTable(): string {
  return table(
    ['outcome', 'cause', 'class', 'in words', 'when'],
    FATES.map(fate => [code(fate.outcome), code(fate.cause), fate.class, fate.words, whenText(fate)]),
  )
}

export function carriesTable(): string {
  return table(
    ['outcome / cause', 'number', 'sink', 'group', 'error code and hash'],
    FATES.map((fate: Fate) => [
      `${code(fate.outcome)} / ${code(fate.cause)}`,
      String(fate.number),
      presence(fate.sink),
      presence(fate.group),
      presence(fate.error),
    ]),
  )
}

function presence(of: 'required' | 'optional' | 'forbidden'): string {
  return { required: 'always', optional: 'if any', forbidden: 'never' }[of]
}
