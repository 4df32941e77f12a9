/** What was found, as elements: the verdict, what is proven and what isn't, and each check with its reason. */
import { counted } from '../model/number-text.ts'
import type { CheckedErasure } from '../read/check/check-erasure.ts'
import type { CheckedProof } from '../read/check/check-proof.ts'
import type { CheckedRecord } from '../read/check/check-record.ts'
import { listed, printable } from '../read/words/text.ts'
import { LOOKS_AT, verdictOf } from '../read/words/verdict.ts'
import { element, sentences } from './element.ts'
import { storyElement } from './story.ts'

export type Checked = CheckedProof | CheckedRecord | CheckedErasure

/** One sentence of it, for whoever hears the page. */
export function verdictText(checked: Checked): string {
  const verdict = verdictOf(checked)
  return `It ${verdict.name}${verdict.kind === 'holds' ? verdict.rest : ''}.`
}

export function resultElement(checked: Checked, name: string): HTMLElement {
  const story = checked.kind === 'row' ? checked.story : null
  return element(
    'div',
    {},
    verdictElement(checked, name),
    story === null ? null : storyElement(story, checked.ok),
    claimsElement(checked),
    checksElement(checked),
    headElement(checked),
  )
}

const NAMES = { row: 'The proof', record: 'The record', erasure: 'The certificate' } as const
const MARKS = { holds: '✓', untrusted: '?', broken: '✗' } as const

function verdictElement(checked: Checked, name: string): HTMLElement {
  const verdict = verdictOf(checked)
  const line = element(
    'p',
    { class: 'line' },
    element('span', { class: 'sign', 'aria-hidden': 'true' }, MARKS[verdict.kind]),
    `${NAMES[checked.kind]} `,
    element('strong', {}, verdict.name),
    verdict.kind === 'holds' ? `${verdict.rest}.` : verdict.kind === 'untrusted' ? '.' : ': see below what is wrong.',
  )
  const claimed =
    verdict.kind === 'untrusted'
      ? element(
          'p',
          {},
          'Signed by ',
          element('code', {}, verdict.signed_by),
          ', or so it says. It holds together; get the key from whoever keeps the ledger, not from whoever gave you the file, and paste it above.',
        )
      : null
  const { as_of, as_of_by = [] } = checked
  const existed =
    as_of === undefined
      ? null
      : element(
          'p',
          {},
          `As of ${printable(as_of)}: it existed by then, as ${listed(as_of_by.map(printable))} ${as_of_by.length === 1 ? 'says' : 'say'}.`,
        )
  const parts = [line, claimed, existed, element('p', { class: 'quiet' }, name)]
  return element('div', { class: `verdict ${verdict.kind}` }, ...parts)
}

function claimsElement({ kind, proven, not_proven, withheld, ok }: Checked): HTMLElement {
  const by = new Map<string, string[]>()
  for (const each of proven) by.set(each.by, [...(by.get(each.by) ?? []), printable(each.what)])
  const claims = [...by].flatMap(([who, what]) => [
    element('h3', {}, `By the word of ${printable(who)}`),
    sentences(what, 'proven'),
  ])
  return element(
    'section',
    { 'aria-labelledby': 'claims' },
    element('h2', { id: 'claims' }, ok || claims.length === 0 ? 'What is proven' : 'What is still proven'),
    ...(claims.length === 0 ? [element('p', {}, 'Nothing.')] : claims),
    element('h3', {}, 'Not proven'),
    sentences(not_proven.map(printable)),
    element('h3', {}, 'Withheld'),
    element(
      'p',
      {},
      withheld === 0 ? 'Nothing.' : `${counted(withheld, 'value')}${kind === 'row' ? ', named above' : ''}.`,
    ),
  )
}

function checksElement({ checks }: Checked): HTMLElement {
  const items = checks.map(({ name, ok, problems, unfinished }) => {
    const [kind, sign, word] = ok
      ? ['good', '✓', 'holds']
      : unfinished === true && problems.length === 0
        ? ['left', '–', 'not checked']
        : ['bad', '✗', 'doesn’t hold']
    return element(
      'li',
      { class: kind ?? '' },
      element('span', { class: 'sign', 'aria-hidden': 'true' }, sign ?? ''),
      element('strong', {}, printable(name)),
      ` ${word}`,
      LOOKS_AT[name] === undefined ? null : element('span', { class: 'quiet' }, ` (${LOOKS_AT[name]})`),
      problems.length === 0 ? null : sentences(problems.map(printable), 'problems'),
    )
  })
  return element(
    'section',
    { 'aria-labelledby': 'checks' },
    element('h2', { id: 'checks' }, 'Each check'),
    element('ul', { class: 'checks' }, ...items),
  )
}

function headElement({ head, signed_by }: Checked): HTMLElement | null {
  if (head === null) return null
  const facts = [
    ['Ledger', head.ledger],
    ['Entries in its own log', `${head.size}`],
    ['Root', head.root],
    ['Signed by', signed_by.map(printable).join(', ')],
  ] as const
  return element(
    'section',
    { 'aria-labelledby': 'head' },
    element('h2', { id: 'head' }, 'The signed head'),
    element(
      'dl',
      { class: 'fields head' },
      ...facts.flatMap(([name, value]) => [
        element('dt', {}, name),
        element('dd', {}, element('code', {}, printable(value))),
      ]),
    ),
  )
}
