/**
 * Transcripts: what a person would see in a terminal, held against what the program really says.
 *
 *   # a comment
 *   $ custody show latest          a command, for `sh`; lines that begin with `> ` belong to it
 *   …                              standard output
 *   ! …                            standard error, behind it
 *   [2]                            how it ended, if not with 0
 *
 * A command with `a process of its own` in the comment before it is started as a user's shell would start it; others are run in one
 * process, one after another (serve.ts). What differs from run to run stands as `<run>`, `<hash>`, `<time>`, `<took>`, `<folder>`. A line that is `...` stands for any
 * number of lines. With TRANSCRIPTS=update the files are written anew (lines `...` are lost: put them back).
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeSigningKeys, makeSigner } from '../../src/format/signing-key.ts'
import type { ProgramResult } from '../support/built-cli.ts'
import { wordsOf } from '../support/doc-shell.ts'
import type { Served } from './serve.ts'

export interface Step {
  readonly comments: readonly string[]
  /** As in the file, without `$ ` and `> `. */
  readonly command: string
  /** Output, errors and exit as in the file. */
  readonly expected: readonly string[]
  /** Line in the file, from 1. */
  readonly line: number
}

export function parseTranscript(text: string): Step[] {
  const steps: Step[] = []
  let comments: string[] = []
  let expected: string[] = []
  for (const [i, line] of text.replace(/\n$/, '').split('\n').entries()) {
    if (line.startsWith('$ ')) {
      expected = []
      steps.push({ comments, command: line.slice(2), expected, line: i + 1 })
      comments = []
    } else if (line.startsWith('> ') && expected.length === 0 && steps.length > 0) {
      const step = steps.pop() as Step
      steps.push({ ...step, command: `${step.command}\n${line.slice(2)}` })
    } else if (line.startsWith('#')) comments.push(line)
    else if (comments.length === 0) expected.push(line)
  }
  return steps.map(step => ({ ...step, expected: withoutBlankEnd(step.expected) }))
}

export function formatTranscript(steps: readonly Step[]): string {
  return steps
    .map(({ comments, command, expected }, i) => {
      const [first = '', ...more] = command.split('\n')
      const lines = [...comments, `$ ${first}`, ...more.map(line => `> ${line}`), ...expected]
      return `${i > 0 ? '\n' : ''}${lines.join('\n')}\n`
    })
    .join('')
}

function withoutBlankEnd(lines: readonly string[]): string[] {
  const kept = [...lines]
  while (kept.at(-1)?.trim() === '') kept.pop()
  return kept
}

/** `custody` and words that a shell takes as they are. */
const PLAIN = /^custody(?: +(?:[\w./:=,@+%-][\w./:=,@+%~-]*|'[^']*'))*$/

/** A folder in which commands run one after the other, with the same key each time. */
export class Shell {
  readonly folder = mkdtempSync(join(tmpdir(), 'custody-cli-'))
  readonly env: { readonly [name: string]: string }
  readonly #served: Served | null

  /** `served`: runs commands; else a process is started for each. */
  constructor(bin: string, served: Served | null = null) {
    this.#served = served
    const seed = new Uint8Array(32).fill(7)
    this.env = {
      PATH: `${bin}:/usr/bin:/bin`,
      HOME: this.folder,
      // What Node compiles is kept for all of them.
      XDG_CACHE_HOME: join(bin, '..', 'cache'),
      CUSTODY_KEY: encodeSigningKeys('test', seed),
      COLUMNS: '110',
      TZ: 'UTC',
    }
  }

  /** Output, errors and exit, as a transcript has them. */
  async run(command: string, own_process = false): Promise<string[]> {
    const { stdout, stderr, exit } = await this.#end(command, own_process)
    const lines = [
      ...linesOf(stdout),
      ...linesOf(stderr).map(line => `! ${line}`.trimEnd()),
      ...(exit === 0 ? [] : [`[${exit}]`]),
    ]
    return withoutBlankEnd(lines.map(line => normalised(line, this.folder)))
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  async #end(command: string, own_process: boolean): Promise<ProgramResult> {
    if (this.#served === null || own_process) return this.#start(command)
    if (!PLAIN.test(command)) return this.#served.shell(command, this.folder, this.env)
    return this.#served.tell({ argv: wordsOf(command).slice(1), cwd: this.folder, env: this.env })
  }

  #start(command: string): Promise<ProgramResult> {
    return new Promise((done, fail) => {
      const child = spawn('/bin/sh', ['-c', command], {
        cwd: this.folder,
        env: this.env,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let stdout = ''
      let stderr = ''
      child.stdout.setEncoding('utf8').on('data', text => {
        stdout += text
      })
      child.stderr.setEncoding('utf8').on('data', text => {
        stderr += text
      })
      child.on('error', fail)
      child.on('close', exit => done({ stdout, stderr, exit: exit ?? -1 }))
    })
  }
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}

const VARYING: ReadonlyArray<readonly [RegExp, string | ((found: string, space: string | undefined) => string)]> = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<run>'],
  [/\b0[0-9a-f]{7}-[0-9a-f]{4}\b/g, '<run>'],
  [/\b[0-9a-f]{64}\b|\b[0-9a-f]{8}…[0-9a-f]{2}\b|\b[0-9a-f]{4}…[0-9a-f]{4}\b/g, '<hash>'],
  [/\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/g, '<time>'],
  [/("(?:duration_ms|duration_us|started_us)":)\d+/g, '$1<number>'],
  // How many commits a run makes, and so how many entries it has, depends on its speed.
  [/("(?:size|entries)":)\d+/g, '$1<number>'],
  [/\bEntries \d[\d,]*(?:, \d+(?:,\d{3})*)+ of \d+(?:,\d{3})*/g, 'Entries <numbers> of <number>'],
  [/(\bEntr(?:y|ies) [\d,]+ of) \d+(?:,\d{3})*/g, '$1 <number>'],
  // And so how many values a run has as a whole; the word behind a number can stand on the next line.
  [/\b(sealed as \w+ with )\d+$/, '$1<number>'],
  [/\b\d{3,}( of the values)$/, '<number>$1'],
  [/\b\d+(?:,\d{3})*( entries\b| stored entries\b| values against| and <hash>$)/g, '<number>$1'],
  // Spaces before it depend on its width.
  [/( {2,})?\b\d[\d,]*(?:\.\d+)? (?:ms|s)\b/g, (_found, space) => `${space === undefined ? '' : '  '}<took>`],
]

function normalised(line: string, folder: string): string {
  let text = line.replaceAll(folder, '<folder>')
  for (const [pattern, by] of VARYING)
    text = typeof by === 'string' ? text.replace(pattern, by) : text.replace(pattern, by)
  return text.trimEnd()
}

/** `actual` with lines that `...` in `expected` stands for left out, so that both can be compared as they are. */
export function elided(actual: readonly string[], expected: readonly string[]): string[] {
  const result: string[] = []
  let at = 0
  for (const [i, line] of expected.entries()) {
    if (line !== '...') {
      if (at < actual.length) result.push(actual[at++] as string)
      continue
    }
    const next = expected[i + 1]
    const found = next === undefined ? actual.length : actual.indexOf(next, at)
    result.push('...')
    at = found === -1 ? at : found
  }
  return [...result, ...actual.slice(at)]
}

/** The verifier key that belongs to the shell's signing key. */
export const VERIFIER_KEY = makeSigner('test', new Uint8Array(32).fill(7)).verifier_key
