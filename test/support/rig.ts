/**
 * Runs a pipeline's text in memory, on a virtual clock, with plugins that wait as long as their options say: for tests of
 * what the engine does when. A run may be stopped, and resumed after any time.
 */
import { z } from 'zod'
import type { SharedLimits } from '../../src/engine/calls/service.ts'
import type { ServiceState } from '../../src/engine/calls/service-state.ts'
import type { Strays } from '../../src/engine/calls/strays.ts'
import type { Notice } from '../../src/engine/nodes/source/source-reader.ts'
import type { Spill } from '../../src/engine/ports/spill.ts'
import { resumeRun } from '../../src/engine/run/resume.ts'
import { type Progress, type RunResult, runPlan } from '../../src/engine/run/start.ts'
import type { EndingFact, GroupClosed } from '../../src/format/entry.ts'
import type { Courses, Recordings } from '../../src/format/recording.ts'
import { fateOf } from '../../src/model/outcome.ts'
import { derive, type Json, type Row, withoutPrototypes } from '../../src/model/row.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { sourceRows } from '../../src/read/fold/source-rows.ts'
import { recordedCalls } from '../../src/read/recorded/answers.ts'
import { recordedCourses } from '../../src/read/recorded/courses.ts'
import type {
  AggregateSpec,
  BatchResult,
  PluginSpec,
  Sink,
  SinkSpec,
  Source,
  SourceRecord,
  SourceSpec,
  TransformResult,
  TransformSpec,
  UnorderedTransformSpec,
  VisitContext,
} from '../../src/sdk/spec.ts'
import { compileText } from './compile-text.ts'
import { MemoryLedger } from './memory-ledger.ts'
import { testCatalogue } from './stub-plugins.ts'
import { VirtualClock } from './virtual-clock.ts'

const RUN = '01890000-0000-7000-8000-000000000000'

export const PLUGIN_COMMON = {
  summary: 'for a test',
  determinism: 'deterministic',
  errors: { BAD: 'It is bad.', BUSY: 'Try again.', REFUSED: 'The sink refuses it.' },
  examples: [{ title: 'Any', options: {} }],
} as const

/** A transform that a test writes as a function. */
export function transformOf(
  name: string,
  process: (row: Row, context: VisitContext) => TransformResult | Promise<TransformResult>,
  more: Partial<UnorderedTransformSpec> = {},
): UnorderedTransformSpec {
  const spec = { ...PLUGIN_COMMON, kind: 'transform', name, options: z.unknown(), cardinality: 'one' } as const
  return { ...spec, ...more, create: () => ({ process }) }
}

/** An aggregate that a test writes as a function. */
export function aggregateOf(
  name: string,
  process: (rows: readonly Row[], context: VisitContext) => BatchResult | Promise<BatchResult>,
): AggregateSpec {
  const spec = { ...PLUGIN_COMMON, kind: 'aggregate', name, options: z.unknown() } as const
  return { ...spec, outputs: ['transform', 'passthrough'], create: () => ({ process }) }
}

/** A source that a test writes as a generator. */
export function sourceOf(name: string, read: Source['read'], more: Partial<SourceSpec> = {}): SourceSpec {
  const spec = { ...PLUGIN_COMMON, kind: 'source', name, options: z.unknown(), textual: false } as const
  return { ...spec, rereadable: () => true, ...more, create: () => ({ read, close: async () => undefined }) }
}

export interface RigRun {
  /** Somebody stops the run that long after it was begun or resumed. */
  readonly stop_after_ms?: number
  readonly limit?: number
  readonly onProgress?: (progress: Progress) => void
  readonly onNotice?: (notice: Notice) => void
  readonly onRestored?: () => void
  readonly onService?: (state: ServiceState) => void
  readonly abandon?: boolean
  readonly from_ledger_only?: boolean
  readonly strict?: boolean
  /** Records of sources in the pipeline's last run. */
  readonly before?: { readonly [source: string]: number }
  readonly shared?: SharedLimits
  readonly strays?: Strays
  /** Where sorts and joins put what memory has no room for. */
  readonly spill?: Spill
  /** What another run has on record, which is replayed. */
  readonly on_record?: { readonly recordings: Recordings; readonly courses: Courses }
}

export class Rig {
  readonly ledger = new MemoryLedger()
  /** What each sink has durably, in order. */
  readonly disk = new Map<string, readonly Row[]>()
  /** How often a sink was asked to show what it has. */
  published = 0
  clock = new VirtualClock()
  /** May be changed before a run is resumed. */
  text: string
  readonly #more: readonly PluginSpec[]

  /** Beside `more`, which may change between runs, the text may use `feed`, `wait`, `gather` and `keep`: see below. */
  constructor(text: string, more: readonly PluginSpec[] = []) {
    this.text = text
    this.ledger.now_us = () => this.clock.wall_us()
    this.#more = more
  }

  run(how: RigRun = {}): Promise<RunResult> {
    return this.clock.drive(
      runPlan({
        ...this.#request(how),
        limit: how.limit ?? Number.POSITIVE_INFINITY,
        ledger: this.ledger,
        custody: 'test',
        dry_run: false,
      }),
    )
  }

  /** Another process continues, that long after the last one was gone. */
  resume(down_ms: number, how: RigRun = {}): Promise<RunResult> {
    this.clock = new VirtualClock(this.clock.now_us() + down_ms * 1000)
    const { abandon = false, from_ledger_only = false, onRestored } = how
    const request = { ...this.#request(how), ledger: this.ledger, reader: this.ledger, onRestored }
    return this.clock.drive(resumeRun({ ...request, abandon, from_ledger_only }))
  }

  /** `OUTCOME/cause` by token, with `@node` where it ended. */
  endings(): { readonly [token: number]: string } {
    const { nodes } = this.plan()
    const endings: [number, string][] = this.facts<EndingFact>('endings').map(({ token, fate, node }) => [
      token,
      `${fateOf(fate)?.outcome}/${fateOf(fate)?.cause}@${nodes[node - 1]?.name}`,
    ])
    return Object.fromEntries(endings)
  }

  /** Verdicts of merges and triggers of batches, in order of closing. */
  verdicts(): string[] {
    return this.facts<GroupClosed>('groups_closed')
      .map(({ verdict }) => verdict)
      .filter(verdict => verdict !== 'forked' && verdict !== 'expanded')
  }

  facts<F>(
    kind: 'endings' | 'groups_closed' | 'groups_opened' | 'visits' | 'holds' | 'births' | 'calls' | 'intents',
  ): F[] {
    return this.ledger.subjects().flatMap(draft => draft[kind] as unknown as F[])
  }

  /** Values of one field of the rows in a sink. */
  column(sink: string, field: string): (Json | undefined)[] {
    return (this.disk.get(sink) ?? []).map(row => row[field])
  }

  async onRecord(): Promise<NonNullable<RigRun['on_record']>> {
    const { topology, value } = this.plan()
    return {
      recordings: await recordedCalls(this.ledger, 1, topology),
      courses: await recordedCourses(
        this.ledger,
        { log: 1, topology, sources: sourceRows(this.ledger.cursors, topology) },
        value.closes,
      ),
    }
  }

  plan(): Plan {
    const own = [feed(() => this.clock), wait(() => this.clock), gather, keep(this.disk, () => this.published++)]
    const { plan, diagnostics } = compileText(this.text, { catalogue: testCatalogue().with([...own, ...this.#more]) })
    const errors = diagnostics.filter(({ severity }) => severity === 'error')
    if (plan === null || errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'))
    return plan
  }

  #request({ stop_after_ms, on_record, before = {}, ...how }: RigRun) {
    const { onProgress, onNotice, onService, shared, strays, spill, strict } = how
    const stop = new AbortController()
    if (stop_after_ms !== undefined) this.clock.wake(stop_after_ms * 1000, () => stop.abort())
    const recordsBefore = async () => new Map(Object.entries(before))
    const observers = { onProgress, onNotice, onService, shared, strays, spill, strict, recordsBefore, ...on_record }
    return { plan: this.plan(), run: RUN, clock: this.clock, signal: stop.signal, ...observers }
  }
}

// ── plugins ─────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Chunk {
  /** After the one before. */
  readonly after_ms?: number
  readonly rows: readonly Row[]
}

/** A source that yields chunks of rows in their time: `chunks: [{after_ms: 100, rows: [{n: 1}]}]`; of so many `bytes`. One without rows is only a wait. */
function feed(clock: () => VirtualClock): SourceSpec<{ chunks: readonly Chunk[]; bytes?: number }> {
  return {
    ...PLUGIN_COMMON,
    kind: 'source',
    name: 'feed',
    options: z.any(),
    textual: false,
    rereadable: () => true,
    create: ({ chunks, bytes }) => ({
      ...(bytes === undefined ? {} : { end: () => ({ position: bytes, bytes }), bytesBefore: () => bytes }),
      async *read(from) {
        let number = 0
        for (const { after_ms = 0, rows } of chunks) {
          const records = rows.map((row): SourceRecord => {
            const line = ++number
            return { kind: 'row', line, row: withoutPrototypes(row) as Row, position: line }
          })
          const fresh = records.filter(({ line }) => line > (from?.records ?? 0))
          if (fresh.length < Math.min(rows.length, 1)) continue
          if (after_ms > 0) await clock().sleep(after_ms * 1000)
          if (fresh.length > 0) yield fresh
        }
      },
      close: async () => undefined,
    }),
  }
}

/**
 * A transform that answers after `ms`, or after as many as the row's field `ms_of` says; at once if that is 0. `set` is set,
 * `drop` ends the row.
 */
function wait(
  clock: () => VirtualClock,
): TransformSpec<{ ms?: number; ms_of?: string; set?: Row; fail?: boolean; drop?: boolean }> {
  return {
    ...PLUGIN_COMMON,
    kind: 'transform',
    name: 'wait',
    options: z.any(),
    cardinality: 'one',
    filters: true,
    create: ({ ms, ms_of = '', set = {}, fail = false, drop = false }) => ({
      process: row => {
        const result: TransformResult = fail
          ? { kind: 'error', code: 'BAD', message: 'bad', retryable: false }
          : drop
            ? { kind: 'filtered' }
            : { kind: 'row', row: derive(row, set) }
        const delay_ms = ms ?? Number(row[ms_of] ?? 0)
        return delay_ms === 0
          ? result
          : clock()
              .sleep(delay_ms * 1000)
              .then(() => result)
      },
    }),
  }
}

/** An aggregate that gives one row with its members' `n` as `ns`. */
const gather = aggregateOf('gather', rows => ({ kind: 'rows', rows: [{ ns: rows.map(row => row.n ?? null) }] }))

/** A sink in memory, that refuses rows with a field `refused`. `file`: what it says at the end that it has written. */
function keep(disk: Map<string, readonly Row[]>, onPublish: () => void): SinkSpec<{ file?: string } | undefined> {
  return {
    ...PLUGIN_COMMON,
    kind: 'sink',
    name: 'keep',
    options: z.any(),
    create: (options, { node }) => {
      let written: Row[] = []
      const flush = async () => {
        disk.set(node, [...written])
        return { rows: written.length, bytes: 0, sha256: null, state: null }
      }
      const sink: Sink = {
        prepare: async () => ({
          path: null,
          mode: 'stream',
          prior_bytes: 0,
          prior_sha256: null,
          staged: null,
          replaced: null,
        }),
        open: async (_intent, at) => {
          written = (disk.get(node) ?? []).slice(0, at?.rows ?? 0)
        },
        write: row => {
          if ('refused' in row) return { kind: 'error', code: 'REFUSED', message: 'refused', retryable: false }
          written.push(row)
          return null
        },
        flush,
        finish: async () => {
          const receipt = await flush()
          if (options?.file === undefined) return receipt
          return { ...receipt, files: [{ path: options.file, rows: receipt.rows, bytes: 0, sha256: '' }] }
        },
        publish: async () => {
          onPublish()
          return null
        },
        close: async () => undefined,
      }
      return sink
    },
  }
}
