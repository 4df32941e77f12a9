/** Keys and answers change what is shown, as data: STEP-1 to STEP-3. */
import { describe, expect, test } from 'vitest'
import type { RunsPage } from '../../api/runs.ts'
import { plain } from '../terminal.ts'
import { frameOf } from './frame.ts'
import type { AnyAnswer, Effect, State } from './state.ts'
import { begin, type Command, type Event, type Surroundings, step } from './step.ts'

const AROUND: Surroundings = {
  ...{ columns: 80, rows: 12, paint: plain, cwd: '/' },
  commandText: (screen, row) => `custody for ${screen.kind}${row === null ? '' : ` ${row}`}`,
}
const RUN = '01a231bc-4dc0-779b-be4a-403f1a315bde'

function runs(status: 'running' | 'completed', next_cursor: string | null = null): RunsPage {
  const line = { name: 'loans\u001b[2J', started_at: '2026-01-02T03:04:05.000Z', ended_at: null, cost_usd: 0 }
  const counts = { rows: { read: 9, ingested: 9, rejected: 0 }, tokens: { born: 9, ended: 9, open: 0 } }
  const more = { failed_rows: 1, duration_ms: 1, status }
  return { runs: ['a', 'b'].map(end => ({ ...line, ...counts, ...more, run: RUN.slice(0, -1) + end })), next_cursor }
}

/** What became of a beginning, and all that was to be done for the last event. */
function after(...events: readonly (Event | Command)[]): {
  readonly state: State
  readonly effects: readonly Effect[]
} {
  return events.reduce(
    ({ state }, event) => step(state, typeof event === 'string' ? { kind: 'command', command: event } : event, AROUND),
    begin({ kind: 'runs', place: { trail: [null] } }),
  )
}
const answer = (id: number, of: AnyAnswer): Event => ({
  ...{ kind: 'answered', id },
  content: { kind: 'there', answer: of },
})
const listed = answer(1, runs('completed'))
const typed = (text: string): Event => ({ kind: 'typed', text })

describe('what keys do', () => {
  test('one of a list is chosen, never beyond its ends, and opened; the way back is as it was', () => {
    expect(after(listed, 'up').state.top.at).toBe(0)
    expect(after(listed, 'down', 'down', 'down').state.top.at).toBe(1)
    const { state, effects } = after(listed, 'down', 'open')
    const run = `${RUN.slice(0, -1)}b`
    expect(state.top).toMatchObject({ kind: 'run', place: { run }, asked: 2 })
    expect(effects).toEqual([{ kind: 'ask', id: 2, target: { kind: 'run', place: { run } } }])
    const back = after(listed, 'down', 'open', 'back')
    expect(back.state).toMatchObject({ top: { kind: 'runs', at: 1 }, under: [] })
    expect(back.effects).toMatchObject([
      { kind: 'give up', id: 2 },
      { kind: 'ask', id: 3, target: { kind: 'runs' } },
    ])
  })

  test('a search is a line; what is wrong with it stays before whoever types, and letters mean nothing else meanwhile', () => {
    const { prompt, over } = after(listed, 'search', typed('q'), typed('x=1'), 'quit', 'open').state
    expect({ over, prompt }).toMatchObject({ over: false, prompt: { text: 'qx=1' } })
    expect(prompt?.problem).toContain('rows can’t be searched by `qx`')
    const found = after(listed, 'search', typed('class=failur'), { kind: 'erased', all: false }, typed('re'), 'open')
    expect(found.state.top).toMatchObject({ kind: 'rows', place: { filter: { class: ['failure'] } } })
    expect(found.state.prompt).toBe(null)
    // Another one takes its place, and begins with it.
    const again = after(listed, { kind: 'searched', line: 'sink=a' }, 'search', typed('cause=b'), 'open').state
    expect(again.top).toMatchObject({ kind: 'rows', place: { filter: { sink: ['a'], cause: ['b'] } } })
    expect(again.under.map(({ kind }) => kind)).toEqual(['runs'])
    expect(after(listed, 'search', typed('x'), 'back').state).toMatchObject({ prompt: null, top: { kind: 'runs' } })
  })

  test('pages are turned as far as there are some', () => {
    const first = answer(1, runs('completed', '7'))
    expect(after(first, 'previous').state.note?.text).toBe('this is the first page')
    expect(after(listed, 'next').state.note?.text).toBe('this is the last page')
    expect(after(first, 'next').state.top).toMatchObject({ place: { trail: [null, '7'] }, content: { kind: 'asking' } })
    expect(after(first, 'next', answer(2, runs('completed')), 'previous').state.top.place).toEqual({ trail: [null] })
  })

  test('a run is verified from everywhere, a row proven where it is shown', () => {
    expect(after(listed, 'verify').effects).toMatchObject([{ kind: 'ask', target: { kind: 'verify' } }])
    expect(after(listed, 'prove')).toMatchObject({
      effects: [],
      state: { note: { text: expect.stringContaining('open one') } },
    })
    expect(after(listed, 'command').state.note?.text).toBe('custody for runs')
    expect(after('back').state.note?.text).toBe('q ends')
    expect(after('help').state.help).toBe(true)
    expect(after('help', 'open').state).toMatchObject({ help: false, top: { kind: 'runs' } })
    expect(after('quit').state.over).toBe(true)
  })
})

describe('what answers do', () => {
  test('one that nobody waits for changes nothing', () => {
    const before = after(listed, 'open')
    expect(step(before.state, listed, AROUND)).toEqual({ state: before.state, effects: [] })
  })

  test('which runs are the newest is asked again as time passes, and shown until the answer is there; the chosen one stays it', () => {
    const running = answer(1, runs('running'))
    const { state, effects } = after(running, 'down', { kind: 'time passed' })
    expect(effects).toMatchObject([{ kind: 'ask', id: 2 }])
    expect(state.top).toMatchObject({ asked: 2, at: 1, content: { kind: 'there' } })
    expect(step(state, { kind: 'time passed' }, AROUND).effects).toEqual([])
    expect(step(state, answer(2, runs('completed')), AROUND).state.top).toMatchObject({ asked: null, at: 1 })
    const [first, second] = runs('completed').runs
    const begun = {
      runs: [{ run: 'new', problem: 'a sentence that is long' }, first, second].flatMap(each => each ?? []),
      next_cursor: null,
    }
    expect(step(state, answer(2, begun), AROUND).state.top.at).toBe(2)
    const lines = frameOf(after(answer(1, begun)).state, { ...AROUND, columns: 120 })
    expect(lines.filter(line => /can’t be read|2026-01-02 03:04:05Z/.test(line))).toHaveLength(3)
    expect(after(listed, 'open', { kind: 'time passed' }).effects).toEqual([])
  })
})

describe('frames', () => {
  test('fill the window exactly, and no line is wider, however small it is', () => {
    for (const [columns, rows] of [
      [80, 24],
      [40, 8],
      [20, 6],
    ] as const)
      for (const events of [
        [listed],
        [listed, 'help'],
        [listed, 'search', typed('x'.repeat(99))],
        [listed, 'open'],
      ] as const) {
        const lines = frameOf(after(...events).state, { ...AROUND, columns, rows })
        expect(lines.length).toBe(rows)
        expect(lines.filter(line => [...line].length > columns)).toEqual([])
      }
  })

  test('what a terminal could act on is written as an escape', () => {
    const text = frameOf(after(listed).state, AROUND).join('\n')
    expect(text).toContain('› 01a231bc-4dc0  loans\\u001b[2J  completed')
  })

  test('in the place of what doesn’t hold, or failed, stands why', () => {
    const unsound = { kind: 'unsound', problems: ['entry 4 was changed'] } as const
    const text = frameOf(after({ kind: 'answered', id: 1, content: unsound }).state, AROUND).join('\n')
    expect(text).toContain('The record doesn’t hold, so that it isn’t shown.\n✗ entry 4 was changed')
  })
})
