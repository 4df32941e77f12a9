/** The screen of one run: what it comes to, and its rows by ending, by error and by node. */
import type { RowFilter } from '../../api/rows.ts'
import type { ShownRun } from '../../api/runs.ts'
import { count, counted, printable, shorten } from '../render/text.ts'
import { type BodyLine, type Look, openable, plainLine, whenText } from './lines.ts'
import type { Target } from './state.ts'

export function runBody(run: ShownRun, look: Look): readonly BodyLine[] {
  const { rows, tokens, failed_rows, signed_by, rolled_back } = run
  const opening = (filter: RowFilter): Target => ({ kind: 'rows', place: { run: run.run, filter, trail: [null] } })
  const say = (text: string) => plainLine(shorten(text, look.columns))
  const broken = rows.rejected === 0 ? '' : `, ${count(rows.rejected)} broken`
  const open = tokens.open === 0 ? '' : ` · ${counted(tokens.open, 'token')} open`
  return [
    say(`${printable(run.status)} · ${whenText(run.started_at, run.duration_ms)}`),
    say(`${counted(rows.read, 'row')} read${broken} · ${count(failed_rows)} failed${open}`),
    ...(signed_by === null ? [] : [say(`signed by ${printable(signed_by)}`)]),
    ...(rolled_back === undefined ? [] : [plainLine('an earlier copy: you saw a newer one', ['bold', 'red'])]),
    ...endings(run, opening, look),
    ...errors(run, opening, look),
    ...nodes(run, opening, look),
  ]
}

type Opening = (filter: RowFilter) => Target

function endings({ endings, rows }: ShownRun, opening: Opening, look: Look): readonly BodyLine[] {
  const lines = endings.map(({ outcome, cause, words, sink, count: of }) => ({
    cells: [
      count(of),
      printable(`${outcome}${sink === null ? '' : ` → ${sink}`}`),
      printable(words.replace(/ to a sink/, '')),
    ],
    opens: opening({ outcome: [outcome], cause: [cause], ...(sink === null ? {} : { sink: [sink] }) }),
  }))
  const all = { cells: [count(rows.read), 'all rows', ''], opens: opening({}) }
  const heads = [{ title: 'tokens', align: 'right' }, { title: 'ended' }, { title: 'how' }] as const
  return [plainLine(''), ...openable(heads, [...lines, all], look)]
}

function errors({ errors }: ShownRun, opening: Opening, look: Look): readonly BodyLine[] {
  if (errors.length === 0) return []
  const lines = errors.map(({ node, code, count: of }) => ({
    cells: [count(of), printable(code), printable(node)],
    opens: opening({ error_code: [code], node: [node] }),
  }))
  return [
    plainLine(''),
    ...openable([{ title: 'errors', align: 'right' }, { title: 'code' }, { title: 'at' }], lines, look),
  ]
}

function nodes({ nodes }: ShownRun, opening: Opening, look: Look): readonly BodyLine[] {
  const lines = nodes.map(({ node, kind, in: entered, error, held, out }) => ({
    cells: [
      count(entered),
      printable(node),
      kind,
      error === 0 ? '' : count(error),
      [...Object.entries(out).filter(([, taken]) => taken > 0), ...(held === 0 ? [] : [['held', held] as const])]
        .map(([label, taken]) => `${printable(label)} ${count(taken)}`)
        .join(' · '),
    ],
    opens: opening({ node: [node] }),
  }))
  const heads = [
    { title: 'in', align: 'right' },
    { title: 'node' },
    { title: 'kind' },
    { title: 'errors', align: 'right' },
    { title: 'ways out' },
  ] as const
  return [plainLine(''), ...openable(heads, lines, look)]
}
