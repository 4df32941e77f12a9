/** The verifier in Python (verifiers/python), where there is a Python. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll } from 'vitest'

const VERIFIER = join(import.meta.dirname, '..', '..', 'verifiers', 'python', 'check.py')
const JUDGE = join(import.meta.dirname, 'judge.py')

/** Why it can't run here; null if it can. */
export const NO_PYTHON: string | null = (() => {
  const { status, stdout } = spawnSync('python3', ['-c', 'import sys; print(sys.version_info >= (3, 9))'], {
    encoding: 'utf8',
  })
  return status === 0 && stdout.trim() === 'True' ? null : 'no Python from 3.9 on'
})()

export interface PythonAnswer {
  readonly ok: boolean
  readonly trust?: string
  readonly withheld?: number
  readonly as_of?: string
  readonly as_of_by?: readonly string[]
  readonly proven?: ReadonlyArray<{ readonly what: string; readonly by: string }>
  readonly checks?: ReadonlyArray<{ readonly name: string; readonly problems: readonly string[] }>
  /** It can't be read. */
  readonly error?: { readonly message: string }
}

/** A test file's own folder for what it is asked about, gone at the end; `keys`: a file in it with these verifier keys. */
export function pythonFolder(...verifier_keys: readonly string[]): { readonly folder: string; readonly keys: string } {
  const folder = mkdtempSync(join(tmpdir(), 'custody-python-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const keys = join(folder, 'keys')
  writeFileSync(keys, verifier_keys.map(each => `${each}\n`).join(''))
  return { folder, keys }
}

/** What it says of each file. `keys`: a file with verifier keys. `more`: other arguments. */
export function askPython(files: readonly string[], keys: string, ...more: readonly string[]): readonly PythonAnswer[] {
  const { stdout, stderr } = spawnSync('python3', [VERIFIER, ...files, '--key', keys, ...more, '--json'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  try {
    const answers = JSON.parse(stdout)
    return Array.isArray(answers) ? answers : [answers]
  } catch (cause) {
    throw new Error(`the verifier in Python ended without an answer: ${stderr}`, { cause })
  }
}

/** One process that is asked about many proofs. `keys`: a file with verifier keys. */
export function pythonJudge(keys: string) {
  const child = spawn('python3', [JUDGE, keys], { stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = once(child, 'close')
  let said = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    said += text
  })
  // Why it ended is said by whoever waits for an answer.
  child.stdin.on('error', () => undefined)
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    /** What it says of each, in their order. */
    async ask(texts: readonly string[]): Promise<readonly PythonAnswer[]> {
      child.stdin.write(texts.map(text => `${JSON.stringify(text)}\n`).join(''))
      const answers: PythonAnswer[] = []
      while (answers.length < texts.length) {
        const { done, value } = await lines.next()
        if (done === true) throw new Error(`the verifier in Python ended without an answer: ${said}`)
        answers.push(JSON.parse(value) as PythonAnswer)
      }
      return answers
    },
    async close() {
      child.stdin.end()
      await ended
    },
  }
}
