/** The story of a row as elements: the sentences of `explain`, and the way as a graph before them. */
import type { Story } from '../read/explain/story.ts'
import type { Named } from '../read/words/names.ts'
import { askedAndSeen, type Step } from '../read/words/steps.ts'
import { type DataWords, type Entered, type StoryWords, storyWords, type TokenWords } from '../read/words/story.ts'
import { WHOLE } from '../read/words/wording.ts'
import { element, sentences } from './element.ts'
import { graphOf } from './graph.ts'
import { pathOf } from './path.ts'

/** `is_proven`: else it is what somebody says. */
export function storyElement(story: Story, is_proven: boolean): HTMLElement {
  const ids = new StepIds()
  const subject = subjectElement(storyWords(story, WHOLE), ids, 3)
  const source = story.subject.kind === 'row' ? story.subject.source : null
  const graph = graphOf(pathOf(story), node => (node === source ? ENTERED : ids.of(node)))
  return element(
    'section',
    { 'aria-labelledby': 'story' },
    element('h2', { id: 'story' }, is_proven ? 'What happened' : 'What it says happened'),
    graph,
    subject,
  )
}

const ENTERED = 'entered'

/** Of each node the first step that tells of it. */
class StepIds {
  readonly #ids = new Map<string, string>()

  of(node: string): string | null {
    return this.#ids.get(node) ?? null
  }

  /** null if there is one already. */
  next(node: string): string | null {
    if (this.#ids.has(node)) return null
    const id = `step-${this.#ids.size + 1}`
    this.#ids.set(node, id)
    return id
  }
}

const HEADINGS = ['h3', 'h4', 'h5', 'h6'] as const

function heading(level: number, { name, rest }: Named): HTMLElement {
  return element(HEADINGS[Math.min(level, 6) - 3] ?? 'h6', {}, element('strong', {}, name), rest)
}

function subjectElement(words: StoryWords, ids: StepIds, level: number): HTMLElement {
  return element(
    'div',
    { class: 'subject' },
    heading(level, words.title),
    words.entered === null ? null : enteredElement(words.entered),
    ...words.tokens.map(each => tokenElement(each, ids, words.single ? null : level + 1, 1)),
    words.calls.length === 0 ? null : sentences(words.calls),
    element('p', { class: 'quiet' }, words.evidence),
    words.left_out === null ? null : element('p', {}, words.left_out),
    ...words.onward.map(each => subjectElement(each, ids, level)),
  )
}

function enteredElement(entered: Entered): HTMLElement {
  if (entered.kind !== 'rejected') return element('div', { id: ENTERED, tabindex: -1 }, dataElement(entered))
  const { text, raw, absent, details } = entered
  return element(
    'div',
    { id: ENTERED, tabindex: -1 },
    element('p', { class: 'failure' }, text),
    absent === null ? null : element('p', { class: 'quiet' }, absent),
    raw === null ? null : element('p', {}, 'read as ', element('code', {}, raw)),
    details === null ? null : element('p', {}, 'details ', element('code', {}, details)),
  )
}

function dataElement(data: DataWords): HTMLElement {
  switch (data.kind) {
    case 'fields': {
      const fields = data.fields.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)])
      return element('dl', { class: 'fields' }, ...fields)
    }
    case 'changes':
      return element('p', { class: 'quiet' }, data.texts.join(' · '))
    case 'value':
      return element('p', {}, element('code', {}, data.text))
    case 'absent':
      return element('p', { class: data.why === 'altered' ? 'failure' : 'quiet' }, data.text)
  }
}

/** `level` of its heading; null: it needs none. `first`: the number of its first step. */
function tokenElement(token: TokenWords, ids: StepIds, level: number | null, first: number): HTMLElement {
  const { named, born, steps, closing, children } = token
  const ending =
    closing.class === 'open'
      ? element('p', { class: 'ending' }, closing.name)
      : element(
          'p',
          { class: 'ending' },
          element('strong', {}, closing.name),
          ': ',
          element('span', { class: closing.class === 'passed on' ? null : closing.class }, closing.words),
          closing.rest,
        )
  return element(
    'div',
    { class: level === null ? 'token' : 'token named' },
    level === null ? null : heading(level, named),
    level === null || born === null ? null : dataElement(born),
    steps.length === 0
      ? null
      : element('ol', { start: first, class: 'steps' }, ...steps.map(each => stepElement(each, ids))),
    ending,
    ...children.map(each => tokenElement(each, ids, (level ?? 3) + 1, first + steps.length)),
  )
}

function stepElement({ node, by, head, more, duration, failed }: Step, ids: StepIds): HTMLElement {
  const id = ids.next(node)
  return element(
    'li',
    { id, tabindex: id === null ? null : -1 },
    element(
      'div',
      { class: 'step' },
      element('strong', {}, node),
      ' ',
      element('span', { class: 'by' }, by),
      ' ',
      element('span', { class: 'took' }, duration),
    ),
    headElement(head, failed),
    ...more.map(each => moreElement(each)),
  )
}

function moreElement(line: string): HTMLElement {
  const [asked, seen] = askedAndSeen(line)
  return element('p', { class: 'more' }, asked, seen === null ? null : element('span', { class: 'seen' }, seen))
}

function headElement(head: Step['head'], failed: boolean): HTMLElement {
  switch (head.kind) {
    case 'text':
      return element('p', { class: failed ? 'failure' : null }, head.text)
    case 'error':
      return element('p', { class: 'failure' }, `${head.code}: ${head.message} ${head.way}`.trim())
    case 'gate':
      return element(
        'p',
        { class: 'gate' },
        element('code', {}, head.expression),
        head.values === '' ? null : element('code', { class: 'seen' }, head.values),
        ' ',
        element('strong', {}, head.way),
      )
  }
}
