/** The command within this process: a terminal's live line, and what `--json` prints. */
import { expect, test } from 'vitest'
import { main } from '../main.ts'

/** Starts the command, and gives its texts and a way to press Ctrl-C. */
function start(argv: readonly string[], isTTY: boolean) {
  let answered = ''
  let reported = ''
  let signal = () => undefined as unknown
  const exit = main(['chaos-llm', '--port', '0', ...argv], {
    stdout: { write: (text: string) => (answered += text) },
    stderr: { write: (text: string) => (reported += text), isTTY, columns: 80 },
    env: {},
    cwd: '/',
    script: 'custody',
    onSignal: listener => {
      signal = listener
      return () => undefined
    },
    exit: code => {
      throw new Error(`ended with ${code}`)
    },
  })
  /** The URL, once it has been reported. */
  const url = async () => {
    for (;;) {
      const found = / at (http\S+) /.exec(answered + reported)?.[1]
      if (found !== undefined) return found
      await new Promise(setImmediate)
    }
  }
  return { exit, url, interrupt: () => signal(), answered: () => answered, reported: () => reported }
}

test('a terminal sees the count while it runs, and a summary at the end', async () => {
  const { exit, url, interrupt, answered, reported } = start([], true)
  const at = await url()
  await (await fetch(`${at}/status/503`)).text()
  while (!reported().includes('  1 request · 0 in flight · 0 faults')) await new Promise(setImmediate)
  interrupt()
  expect(await exit).toBe(0)
  expect(answered()).toContain(`${at}/v1 is the base URL`)
  expect(reported()).toMatch(/ended after .*: 1 request, 1 answered to the end\n {2}statuses {2}503 1\n/)
})

test('`--json` prints one value, at the end', async () => {
  const { exit, url, interrupt, answered, reported } = start(
    ['--json', '--faults', 'all=0.01,server_error=0.81'],
    false,
  )
  const at = await url()
  expect(answered()).toBe('')
  for (let i = 0; i < 5; i++) await fetch(`${at}/page?${i}`).then(response => response.text())
  interrupt()
  expect(await exit).toBe(0)
  expect(reported()).toContain('server_error 81 %')
  const { faults, ...rest } = JSON.parse(answered()) as { readonly faults: { readonly server_error: number } }
  expect(faults.server_error).toBeGreaterThan(0)
  expect(rest).toMatchObject({ url: at, seed: 1, requests: 5, peak_in_flight: 1, peak_per_minute: 5 })
})
