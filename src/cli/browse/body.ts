/** What a screen shows between its title and its last line: lines, and which of them open another screen. */
import type { Verified } from '../../api/evidence.ts'
import type { RowLine } from '../../api/rows.ts'
import type { RunsPage } from '../../api/runs.ts'
import type { VerifyResult } from '../../read/verify/verify.ts'
import { renderExplained } from '../render/explained.ts'
import type { Column } from '../render/table.ts'
import { columnsOf, count, counted, filled, printable, shorten, shortRun, valueText, wrap } from '../render/text.ts'
import { renderVerified } from '../render/verified.ts'
import { type Paint, plain } from '../terminal.ts'
import { type BodyLine, type Look, NARROW, openable, plainLine } from './lines.ts'
import { runBody } from './run-body.ts'
import type { AnyAnswer, Content, Screen, ScreenOf } from './state.ts'

export function bodyOf(screen: Screen, look: Look): readonly BodyLine[] {
  const instead = insteadOf(screen.content, look)
  if (instead !== null) return instead
  switch (screen.kind) {
    case 'runs':
      return runsBody(answerOf(screen), look)
    case 'run':
      return runBody(answerOf(screen), look)
    case 'rows':
      return rowsBody(screen, look)
    case 'story':
      return painted(paint => renderExplained(answerOf(screen), { ...look, paint }), look)
    case 'verify':
      return painted(paint => verifiedText(answerOf(screen), look.columns, paint), look)
  }
}

function verifiedText(verified: Verified, columns: number, paint: Paint): string {
  // cast: it is what `verify --json` prints, made from that type.
  return renderVerified(verified as unknown as VerifyResult, null, columns, paint)
}

/** @throws where none is there: `insteadOf` has said so before. */
function answerOf<A>({ content }: { readonly content: Content<A> }): A {
  if (content.kind !== 'there') throw new Error(`no answer is there: ${content.kind}`)
  return content.answer
}

/** Where there is no answer: why. */
function insteadOf(content: Content<AnyAnswer>, { columns }: Look): readonly BodyLine[] | null {
  switch (content.kind) {
    case 'there':
      return null
    case 'asking': {
      const { progress } = content
      return [
        plainLine(
          progress === null ? 'asking …' : `${count(progress.entries)} of ${count(progress.of)} entries`,
          'dim',
        ),
      ]
    }
    case 'unsound':
      return [
        ...filled('The record doesn’t hold, so that it isn’t shown.', columns).map(text =>
          plainLine(text, ['bold', 'red']),
        ),
        ...content.problems
          .flatMap(each => filled(`✗ ${printable(each)}`, columns))
          .map(text => plainLine(text, 'red')),
        ...filled('All that is wrong is named by: v', columns).map(text => plainLine(text)),
      ]
    case 'failed': {
      const { code, message, hint } = content.error
      return [
        plainLine(shorten(code, columns), ['bold', 'red']),
        ...filled(printable(message), columns).map(text => plainLine(text)),
        ...(hint === undefined ? [] : filled(printable(hint), columns).map(text => plainLine(text, 'dim'))),
      ]
    }
  }
}

/** What is laid out for all columns but for few of its lines: these are broken, and lose their styles. */
function painted(text: (paint: Paint) => string, { columns, paint }: Look): readonly BodyLine[] {
  const styled = text(paint).split('\n')
  return text(plain)
    .split('\n')
    .flatMap((line, i): readonly BodyLine[] => {
      if (columnsOf(line) > columns) return wrap(line, columns, MOST_LINES).map(each => plainLine(each))
      return [{ text: styled[i] ?? line, painted: true, opens: null }]
    })
}

/** Of one that is broken. */
const MOST_LINES = 20

/** Statuses that have a shorter word. */
const STATUSES: { readonly [status: string]: string } = { completed_with_failures: 'with failures' }

function statusText(status: string): string {
  return STATUSES[status] ?? status
}

function runsBody({ runs, next_cursor }: RunsPage, look: Look): readonly BodyLine[] {
  if (runs.length === 0) return [plainLine('The ledger has no run yet.')]
  const wide = look.columns >= NARROW
  const status: Column = { title: 'status' }
  const counts: readonly Column[] = [
    { title: 'rows', align: 'right' },
    { title: 'failed', align: 'right' },
  ]
  const heads: readonly Column[] = wide
    ? [{ title: 'run' }, { title: 'pipeline' }, status, ...counts, { title: 'started' }]
    : [{ title: 'pipeline' }, ...counts, status]
  const lines = runs.map(each => ({
    cells: wide ? wideCells(each) : narrowCells(each),
    opens: { kind: 'run', place: { run: each.run } } as const,
  }))
  return [...openable(heads, lines, look), ...(next_cursor === null ? [] : [plainLine('n: older runs', 'dim')])]
}

type ListedRun = RunsPage['runs'][number]

function wideCells(each: ListedRun): readonly string[] {
  const id = printable(shortRun(each.run))
  // Why, it says when it is opened: a sentence would leave the others no room.
  if ('problem' in each) return [id, '', 'can’t be read', '', '', '']
  const { name, status, rows, failed_rows, started_at } = each
  const started = started_at.replace('T', ' ').replace(/\.\d+Z$/, 'Z')
  return [id, shorten(printable(name), 24), statusText(status), count(rows.read), count(failed_rows), started]
}

function narrowCells(each: ListedRun): readonly string[] {
  if ('problem' in each) return [printable(shortRun(each.run)), '', '', 'can’t be read']
  const { name, status, rows, failed_rows } = each
  return [shorten(printable(name), 14), count(rows.read), count(failed_rows), statusText(status)]
}

function rowsBody(screen: ScreenOf<'rows'>, look: Look): readonly BodyLine[] {
  const { rows, next_cursor, matches, looked_at } = answerOf(screen)
  const { run } = screen.place
  const fit = `${matches.exact ? '' : 'at least '}${counted(matches.count, 'row fits', 'rows fit')}`
  const part = looked_at.rows > 0 && looked_at.rows < looked_at.of
  const first = part ? `${fit}; looked through ${count(looked_at.rows)} of ${count(looked_at.of)}` : fit
  const lines = rows.map(row => ({
    cells: [`${row.row}`, shorten(endingText(row), look.columns < NARROW ? 22 : 34), dataText(row, look.columns)],
    opens: { kind: 'story', place: { run, row: row.row } } as const,
  }))
  return [
    plainLine(shorten(first, look.columns), 'dim'),
    ...(lines.length === 0
      ? []
      : openable([{ title: 'row', align: 'right' }, { title: 'ended' }, { title: 'data as read' }], lines, look)),
    ...(next_cursor === null ? [] : [plainLine('n: the next page', 'dim')]),
  ]
}

/** `ROUTED → high_risk`; an error by its code. */
function endingText({ endings, open }: RowLine): string {
  const [first] = endings
  if (first === undefined) return open > 0 ? 'open' : '—'
  const { outcome, sink, error_code } = first
  const what = `${error_code ?? outcome}${sink === null ? '' : ` → ${sink}`}`
  const more = endings.length - 1 + open
  return printable(more > 0 ? `${what} +${more}` : what)
}

function dataText({ data, source, index }: RowLine, columns: number): string {
  if (data === null) return printable(`record ${count(index)} of ${source}`)
  if (typeof data !== 'object' || Array.isArray(data)) return shorten(valueText(data), columns)
  const fields = Object.entries(data).map(([field, value]) => `${printable(field)} ${valueText(value)}`)
  return shorten(fields.join(' · '), columns)
}
