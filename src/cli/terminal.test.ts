import { describe, expect, test } from 'vitest'
import { type OutputStream, Terminal } from './terminal.ts'

/** A stream that keeps what is written, and can break. */
function stream(more: Partial<OutputStream> = {}) {
  const kept: string[] = []
  let onError: ((error: NodeJS.ErrnoException) => void) | undefined
  return {
    kept,
    text: () => kept.join(''),
    breakWith: (code: string) => onError?.(Object.assign(new Error(code), { code })),
    write: (text: string) => kept.push(text),
    on: (_event: 'error', listener: (error: NodeJS.ErrnoException) => void) => {
      onError = listener
    },
    ...more,
  }
}

test('answers go to standard output, all else to standard error', () => {
  const [out, err] = [stream(), stream()]
  const terminal = new Terminal(out, err, {})
  terminal.answer('answer')
  terminal.report('reported')
  terminal.answerJson({ a: [1] })
  expect(out.text()).toBe('answer\n{"a":[1]}\n')
  expect(err.text()).toBe('reported\n')
})

describe('the live line', () => {
  test('is removed before anything else is written', () => {
    const err = stream({ isTTY: true, columns: 80 })
    const terminal = new Terminal(stream(), err, {})
    terminal.live('1 row')
    terminal.live('2 rows')
    terminal.report('done')
    expect(err.text()).toBe('\r1 row\x1b[K\r2 rows\x1b[K\r\x1b[Kdone\n')
  })

  test('is for terminals only', () => {
    const [pipe, dumb] = [stream(), stream({ isTTY: true })]
    new Terminal(stream(), pipe, {}).live('1 row')
    new Terminal(stream(), dumb, { TERM: 'dumb' }).live('1 row')
    expect(pipe.text() + dumb.text()).toBe('')
  })
})

describe('colour', () => {
  const coloured = (isTTY: boolean, env: Record<string, string>) =>
    new Terminal(stream({ isTTY }), stream(), env).paint('red', 'x') !== 'x'

  test('is that of its styles, within each other too', () => {
    const out = stream({ isTTY: true })
    const terminal = new Terminal(out, stream(), {})
    terminal.answer(terminal.paint('bold', `a ${terminal.paint('red', 'b')}`))
    expect(out.text()).toBe('\x1b[1ma \x1b[31mb\x1b[39m\x1b[22m\n')
  })

  test('is on for terminals, and where it is forced', () => {
    expect(coloured(true, {})).toBe(true)
    expect(coloured(false, {})).toBe(false)
    expect(coloured(true, { NO_COLOR: '1' })).toBe(false)
    expect(coloured(true, { NO_COLOR: '' })).toBe(true)
    expect(coloured(true, { TERM: 'dumb' })).toBe(false)
    expect(coloured(false, { FORCE_COLOR: '1' })).toBe(true)
    expect(coloured(true, { FORCE_COLOR: '0' })).toBe(false)
  })
})

describe('nothing that a terminal acts on comes out of data', () => {
  const HOSTILE = '\x1b]0;title\x07\x1b[31mred\x9b2J\u202e\u2028\u00ad\u{e0041}\r\tx\x7f'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
  const ACTIVE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u200b\u2028-\u202e\u{e0000}-\u{e007f}]/u
  const written = (isTTY: boolean, write: (terminal: Terminal) => void) => {
    const [out, err] = [stream({ isTTY }), stream({ isTTY })]
    write(new Terminal(out, err, {}))
    return out.text() + err.text()
  }

  test('in answers, in what is reported, and in the live line', () => {
    const answer = written(false, terminal => terminal.answer(`a\n${HOSTILE}`))
    expect(answer).toBe(
      'a\n\\u001b]0;title\\u0007\\u001b[31mred\\u009b2J\\u202e\\u2028\\u00ad\\u{e0041}\\r\\tx\\u007f\n',
    )
    expect(written(true, terminal => terminal.report(HOSTILE))).not.toMatch(ACTIVE)
    const live = written(true, terminal => terminal.live(HOSTILE))
    expect(live.slice(1, -3)).not.toMatch(ACTIVE)
    expect([live[0], live.slice(-3)]).toEqual(['\r', '\x1b[K'])
  })

  test('within colour, too: only the colours that were painted are there', () => {
    const text = written(true, terminal => terminal.answer(terminal.paint('red', `x${HOSTILE}`)))
    expect(text.replace('\x1b[31m', '').replace('\x1b[39m', '')).not.toMatch(ACTIVE)
    expect(text.startsWith('\x1b[31mx\\u001b]0;title')).toBe(true)
  })

  test('nor in JSON, which stands for the same value', () => {
    for (const isTTY of [true, false]) {
      const json = written(isTTY, terminal => terminal.answerJson({ [HOSTILE]: [HOSTILE] }))
      expect(json).not.toMatch(ACTIVE)
      expect(JSON.parse(json)).toEqual({ [HOSTILE]: [HOSTILE] })
    }
  })
})

test('a reader that goes away is no error', () => {
  const out = stream()
  const terminal = new Terminal(out, stream(), {})
  terminal.answer('one')
  out.breakWith('EPIPE')
  terminal.answer('two')
  expect(terminal.isClosed).toBe(true)
  expect(out.text()).toBe('one\n')
  expect(terminal.lost).toBe(null)
})

test('width: of the terminal, of $COLUMNS, else 120; never below 40', () => {
  const columns = (more: Partial<OutputStream>, env = {}) => new Terminal(stream(more), stream(), env).columns
  expect(columns({ isTTY: true, columns: 90 })).toBe(90)
  expect(columns({ isTTY: true, columns: 7 })).toBe(40)
  expect(columns({}, { COLUMNS: '70' })).toBe(70)
  expect(columns({}, { COLUMNS: 'wide' })).toBe(120)
})

test('any other trouble with standard output is remembered', () => {
  const out = stream()
  const terminal = new Terminal(out, stream(), {})
  out.breakWith('ENOSPC')
  expect(terminal.isClosed).toBe(true)
  expect(terminal.lost?.message).toBe('ENOSPC')
})

test('who reads only the answer gets all of it', () => {
  const [out, err] = [stream(), stream({ isTTY: true })]
  const terminal = new Terminal(out, err, {})
  err.breakWith('EPIPE')
  terminal.report('reported')
  terminal.live('1 row')
  terminal.answer('answer')
  expect([out.text(), err.text(), terminal.isClosed]).toEqual(['answer\n', '', false])
})
