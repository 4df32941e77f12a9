/** Text from data. What could reorder, hide or break a line is shown as an escape that can be seen. */
import { UNSAFE } from '../../model/unsafe-text.ts'
import { printable } from '../../read/words/text.ts'

/** `lines`: line breaks and tabs are kept, as in messages and answers. */
export function Text({ of, lines = false }: { readonly of: string; readonly lines?: boolean }) {
  return safeParts(of, lines).map(({ text, escaped }, i) =>
    escaped ? (
      <span className="escape" key={i}>
        {text}
      </span>
    ) : (
      text
    ),
  )
}

interface Part {
  readonly text: string
  readonly escaped: boolean
}

/** The parts of a text, in order; those that are escapes stand for what can't be shown as it is. */
function safeParts(text: string, lines = false): readonly Part[] {
  const parts: Part[] = []
  let from = 0
  for (const { 0: found, index } of text.matchAll(UNSAFE)) {
    if (lines && (found === '\n' || found === '\t')) continue
    if (index > from) parts.push({ text: text.slice(from, index), escaped: false })
    parts.push({ text: printable(found), escaped: true })
    from = index + found.length
  }
  if (from < text.length) parts.push({ text: text.slice(from), escaped: false })
  return parts
}
