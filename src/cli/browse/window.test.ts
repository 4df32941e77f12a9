/** The window as Ink draws it, in a terminal of 80 columns that is none: keys in, frames out. */
import { PassThrough, Writable } from 'node:stream'
import * as ink from 'ink'
import * as react from 'react'
import { expect, test } from 'vitest'
import type { LedgerAnswers } from '../../host/answers/ledger-answers.ts'
import { plain, Terminal } from '../terminal.ts'
import { Browsing } from './browsing.ts'
import { browseInWindow } from './window.ts'

/** Keeps what was written since it was last looked at. */
class Screen extends Writable {
  readonly isTTY = true
  columns = 80
  rows = 12
  #text = ''
  #waits: { readonly text: string; found(all: string): void } | null = null

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#text += chunk.toString('utf8')
    this.#look()
    done()
  }

  /** Resolves with all that was written, once `text` is among it. */
  shows(text: string): Promise<string> {
    return new Promise(found => {
      this.#waits = { text, found }
      this.#look()
    })
  }

  #look(): void {
    if (this.#waits === null || !this.#text.includes(this.#waits.text)) return
    const { found } = this.#waits
    const all = this.#text
    this.#text = ''
    this.#waits = null
    found(all)
  }
}

function keyboard(): PassThrough {
  const nothing = () => undefined
  return Object.assign(new PassThrough(), { isTTY: true, setRawMode: nothing, ref: nothing, unref: nothing })
}

const RUN = {
  ...{ run: '01a231bc-4dc0-779b-be4a-403f1a315bde', name: 'loans', status: 'completed', cost_usd: 0, duration_ms: 1 },
  ...{ started_at: '2026-01-02T03:04:05.000Z', ended_at: null, failed_rows: 1 },
  ...{ rows: { read: 9, ingested: 9, rejected: 0 }, tokens: { born: 9, ended: 9, open: 0 } },
} as const
const ANSWERS: { readonly [kind: string]: unknown } = {
  runs: { runs: [RUN], next_cursor: null },
  run: { holds: false, problems: ['entry 4 was \u001b[31mchanged'] },
}
const answers: Pick<LedgerAnswers, 'ask'> = { ask: async kind => ANSWERS[kind] as never }

test('runs, one that doesn’t hold, a search that is mistyped, another size, the end', async () => {
  const stdout = new Screen()
  const stdin = keyboard()
  const terminal = new Terminal(stdout, stdout, {})
  let size = { columns: 0, rows: 0 }
  const look = () => ({ ...size, paint: plain, cwd: '/', commandText: () => 'custody runs' })
  const browsing = new Browsing(answers, { kind: 'runs', place: { trail: [null] } }, look)
  const over = browseInWindow(
    browsing,
    { ink, react },
    {
      ...{ stdin, stdout, look, alternate: false },
      safe: text => terminal.printed(text),
      resized: (columns, rows) => {
        size = { columns, rows: rows - 1 }
      },
    },
  )
  expect(await stdout.shows('› 01a231bc')).toContain(
    '01a231bc-4dc0  loans     completed     9       1  2026-01-02 03:04:05Z',
  )
  stdin.write('\r')
  const unsound = await stdout.shows('✗ entry 4')
  expect(unsound).toContain('The record doesn’t hold, so that it isn’t shown.')
  expect(unsound).toContain('✗ entry 4 was \\u001b[31mchanged')
  stdin.write('/who=x')
  await stdout.shows('/ who=x')
  stdin.write('\r')
  await stdout.shows('rows can’t be searched by `who`')
  stdout.columns = 40
  stdout.emit('resize')
  await stdout.shows('as in: outco…')
  // Each for itself, as they are typed: escape and a letter together are something else.
  browsing.take({ kind: 'command', command: 'back' })
  stdin.write('q')
  await over
  await browsing.close()
  expect(browsing.state.over).toBe(true)
}, 20_000)
