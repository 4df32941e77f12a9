/** The story of a row, from top to bottom, for people: its words (read/words/story.ts) laid out for a terminal. */
import type { Story } from '../../read/explain/story.ts'
import type { ClosingWords } from '../../read/words/ending.ts'
import type { Named } from '../../read/words/names.ts'
import { type DataWords, type Entered, type StoryWords, storyWords, type TokenWords } from '../../read/words/story.ts'
import type { Paint } from '../terminal.ts'
import { renderSteps, type StoryView } from './steps.ts'
import { columnsOf, nearPath, shorten } from './text.ts'
import { renderValues } from './values.ts'

/** The whole story. */
export function renderStory(story: Story, view: StoryView): string {
  const words = storyWords(story, { cut: shorten, path: path => nearPath(path, view.cwd) })
  return storyLines(words, story, view).join('\n')
}

function storyLines(words: StoryWords, story: Story, view: StoryView): string[] {
  const { columns, paint } = view
  const { single, entered } = words
  const lines = [named(words.title, paint), ...(entered === null ? [] : enteredLines(entered, columns, paint))]
  for (const root of words.tokens) lines.push('', ...tokenLines(root, single ? -1 : 0, 1, view))
  lines.push('', words.evidence)
  if (view.numbers === true && story.subject.kind === 'row') lines.push(...renderValues(story, columns))
  lines.push(...words.calls.map(each => `  ${each}`))
  for (const [i, next] of story.onward.entries()) {
    const of = words.onward[i]
    if (of !== undefined) lines.push('', ...storyLines(of, next, view))
  }
  if (words.left_out !== null) lines.push('', words.left_out)
  return lines
}

function named({ name, rest }: Named, paint: Paint): string {
  return `${paint('bold', name)}${rest}`
}

function enteredLines(entered: Entered, columns: number, paint: Paint): string[] {
  if (entered.kind !== 'rejected') return dataLines(entered, columns, paint)
  const { text, raw, absent, details } = entered
  return [
    `  ${paint('red', text)}`,
    ...(absent === null ? [] : [paint('dim', `  ${absent}`)]),
    ...(raw === null ? [] : [`  read as  ${shorten(raw, columns - 11)}`]),
    ...(details === null ? [] : [`  details  ${shorten(details, columns - 11)}`]),
  ]
}

function dataLines(data: DataWords, columns: number, paint: Paint): string[] {
  switch (data.kind) {
    case 'fields':
      return wrapped(
        data.fields.map(each => each.join(' ')),
        columns,
      )
    case 'changes':
      return wrapped(data.texts, columns).map(line => paint('dim', line))
    case 'value':
      return [`  ${shorten(data.text, columns - 2)}`]
    case 'absent':
      return [paint(data.why === 'altered' ? 'red' : 'dim', `  ${data.text}`)]
  }
}

/** Items with ` · ` between them, on as many lines as it takes. */
function wrapped(items: readonly string[], columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const item of items) {
    const longer = line === '' ? item : `${line} · ${item}`
    if (line !== '' && columnsOf(longer) > columns - 2) {
      lines.push(`  ${line}`)
      line = item
    } else line = longer
  }
  if (line !== '') lines.push(`  ${shorten(line, columns - 2)}`)
  return lines
}

/** One token: its heading (unless `depth` is −1: it is the only one), its steps, its end, and its children. */
function tokenLines(token: TokenWords, depth: number, first: number, view: StoryView): string[] {
  const { columns, paint } = view
  const { steps, born } = token
  const indent = '  '.repeat(Math.min(8, Math.max(0, depth)))
  const lines: string[] = []
  if (depth >= 0) lines.push(named(token.named, paint))
  if (depth >= 0 && born !== null) lines.push(...dataLines(born, columns - indent.length, paint))
  lines.push(
    ...renderSteps(steps, first, { ...view, columns: columns - indent.length - 2 }).map(line => `  ${line}`),
    ...(depth >= 0 || steps.length === 0 ? [] : ['']),
    `${depth >= 0 ? '  ' : ''}${closingLine(token.closing, paint)}`,
  )
  const shown = lines.map(line => (line === '' ? line : indent + line))
  for (const child of token.children) shown.push('', ...tokenLines(child, depth + 1, first + steps.length, view))
  return shown
}

function closingLine(closing: ClosingWords, paint: Paint): string {
  if (closing.class === 'open') return paint('yellow', closing.name)
  const colour = closing.class === 'failure' ? 'red' : closing.class === 'success' ? 'green' : 'cyan'
  return `${paint('bold', closing.name)}: ${paint(colour, closing.words)}${closing.rest}`
}
