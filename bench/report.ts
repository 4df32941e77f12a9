/** What was measured, for people. */
import type { OfSplit } from './coordinating.ts'
import type { Machine } from './machine.ts'
import type { Results } from './measurements.ts'
import type { Compared } from './targets.ts'
import { WORKLOADS, type WorkloadName } from './workloads.ts'

export interface Report {
  readonly started_at: string
  readonly machine: Machine
  readonly results: Results
  readonly compared: readonly Compared[]
}

const NOTES = `\
Rows per second count from the call of the engine to its answer in a process of its own: opening commit, reading, checking,
all nodes, CSV texts, evidence, one fdatasync of each sink and one of the ledger at each commit, and the seal. Reading and
compiling the pipeline and the start of the process (some 0.2 s) don't count; the time until the code is compiled to machine
code does, and is most of what a run of 10,000 rows takes. The input is in the page cache. Memory is that of the whole process.
The discarding ledger neither encodes nor hashes nor stores; the sinks are fsynced with it, too. Row data isn't random: the
ledger's size is what it is on disk, uncompressed.
The ideal for calls is that as many requests as may be are under way all the time, each for as long as the peer takes; those
that meet a fault count, the start and the end of the run do, too.
A run that is watched is compared with one alone, in turns. What the watchers take counts from two seconds after the page is shown;
the page is drawn as where there is no graphics card.
Not measured: several runs at once, slow disks.`

export function render({ machine, results, compared }: Report): string {
  const { w1 } = results.workloads
  return [
    ...machineLines(machine),
    '',
    ...table(
      ['what', 'at least', 'aim', 'measured', ''],
      compared.map(each => [
        each.what,
        amount(each.at_least, each.unit),
        amount(each.aim, each.unit),
        each.measured === null ? '–' : amount(each.measured, each.unit),
        each.verdict,
      ]),
    ),
    '',
    ...table(
      [
        'workload',
        'rows',
        'runs',
        'rows/s',
        'µs/row',
        'CPU µs/row',
        'main thread',
        'discarding',
        'ratio',
        'ledger B/row',
        'peak MB',
      ],
      sizeLines(results),
    ),
    ...workloadLines(results),
    ...(w1 === undefined || results.long_run === null ? [] : ['', ...longLines(results.long_run)]),
    ...groupLines(results),
    ...heldLines(results),
    ...callLines(results),
    ...postgresLines(results),
    ...encryptionLines(results),
    ...splittingLines(results),
    ...coordinatingLines(results),
    ...lookingLines(results),
    ...watchedLines(results),
    ...startLines(results),
    '',
    NOTES,
  ].join('\n')
}

function machineLines(machine: Machine): string[] {
  const { cpu, cores, memory_bytes, os, node, sqlite, load, filesystem, fsync_ms } = machine
  const memory = `${Math.round(memory_bytes / 2 ** 30)} GiB`
  return [
    `${cpu}, ${cores} cores, ${memory}, ${os} · Node ${node}, SQLite ${sqlite}`,
    `${filesystem}, fdatasync of 4 KiB ${fsync_ms.toFixed(2)} ms · load of the minute before ${load.toFixed(1)}${load > 0.5 ? ' (the machine was busy: compare ratios, not rows/s)' : ''}`,
  ]
}

function sizeLines({ workloads }: Results): string[][] {
  return Object.entries(workloads).flatMap(([name, sizes]) =>
    sizes.map(each => [
      name.toUpperCase(),
      whole(each.rows),
      String(each.repetitions),
      whole(each.rows_per_second),
      (1e6 / each.rows_per_second).toFixed(1),
      each.cpu_us_per_row.toFixed(1),
      each.main_cpu_us_per_row.toFixed(1),
      whole(each.discarding.rows_per_second),
      each.ratio.toFixed(2),
      whole(each.ledger_bytes_per_row),
      whole(each.peak_rss_bytes / 1e6),
    ]),
  )
}

function workloadLines({ workloads }: Results): string[] {
  return Object.keys(workloads).map(name => `${name.toUpperCase()}: ${WORKLOADS[name as WorkloadName].what}`)
}

function longLines({ rows, marks, readers, one_row, resume }: NonNullable<Results['long_run']>): string[] {
  const tenths = Array.from({ length: 10 }, (_, i) => marks.find(each => each.rows >= ((i + 1) * rows) / 10))
  const rss = tenths.flatMap(mark => (mark === undefined ? [] : [whole(mark.rss_bytes / 1e6)]))
  const { explain_first_ms, explain_again_ms, verify_seconds, verify_ok, search } = readers
  const beyond = (process_ms: number) => (process_ms - (one_row?.node_ms ?? 0)).toFixed(0)
  const { restored_seconds, first_commit_seconds } = resume
  return [
    `Of ${whole(rows)} rows: RSS in MB at each tenth: ${rss.join(' ')}`,
    `explain: ${explain_first_ms.toFixed(1)} ms the first time, ${explain_again_ms.toFixed(1)} ms again`,
    ...(one_row === null
      ? []
      : [
          `one row, whole processes beyond Node’s start: explain ${beyond(one_row.explain_ms)} ms, prove ${beyond(one_row.prove_ms)} ms; the proof has ${(one_row.proof_bytes / 1000).toFixed(0)} kB`,
        ]),
    `resume after ${whole(resume.rows)} rows: state restored after ${restored_seconds.toFixed(1)} s, first commit after ${first_commit_seconds.toFixed(1)} s`,
    `verify: ${verify_seconds.toFixed(1)} s, ${((verify_seconds * 1e6) / rows).toFixed(1)} µs a row${verify_ok ? '' : '; IT FOUND PROBLEMS'}`,
    `index of rows: ${whole(search.rows_per_cpu_second)} rows a second of a processor, ${search.bytes_per_row.toFixed(0)} B a row; the slowest of twelve searches: ${search.slowest_ms.toFixed(0)} ms`,
  ]
}

function groupLines({ open_groups }: Results): string[] {
  if (open_groups === null) return []
  const { rows, groups, rows_per_second, peak_rss_bytes, rss_of_tenths_bytes } = open_groups
  return [
    '',
    `open groups: ${whole(rows)} rows, ${whole(groups)} groups open at most: ${whole(rows_per_second)} rows/s, peak ${whole(peak_rss_bytes / 1e6)} MB`,
    `       most RSS in MB in each tenth: ${rss_of_tenths_bytes.map(each => whole(each / 1e6)).join(' ')}`,
  ]
}

function heldLines({ held_rows }: Results): string[] {
  if (held_rows === null) return []
  const { rows, rows_per_second, peak_rss_bytes, peak_of_tenth_bytes, bytes_a_row } = held_rows
  return [
    '',
    `a sort that holds ${whole(rows)} rows: ${whole(rows_per_second)} rows/s, peak ${whole(peak_rss_bytes / 1e6)} MB; of a tenth of them ${whole(peak_of_tenth_bytes / 1e6)} MB: ${whole(bytes_a_row)} bytes a row`,
  ]
}

function startLines({ starts }: Results): string[] {
  if (starts === null) return []
  const { node_ms, version_ms, validate_ms, one_row_run_ms } = starts
  const times = [`--version ${ms(version_ms)}`, `validate ${ms(validate_ms)}`, `a run of one row ${ms(one_row_run_ms)}`]
  return ['', `The built program, whole processes: ${times.join(', ')}; Node that does nothing ${ms(node_ms)}`]
}

function postgresLines({ postgres: found }: Results): string[] {
  if (found === null) return []
  const { rows, repetitions, postgres, sqlite, ratio, cpu_us_per_row: cpu } = found
  return [
    '',
    `W1 with its ledger in PostgreSQL, ${whole(rows)} rows, ${repetitions} turns: ${whole(postgres)} rows/s, in SQLite ${whole(sqlite)}: ${ratio.toFixed(2)}`,
    `       CPU of Custody alone, without the server's: ${cpu.postgres.toFixed(1)} µs a row, in SQLite ${cpu.sqlite.toFixed(1)}`,
  ]
}

const more = (ratio: number): string => `${ratio >= 1 ? '+' : '−'}${Math.abs((ratio - 1) * 100).toFixed(1)} %`

function encryptionLines({ encryption: found }: Results): string[] {
  if (found === null) return []
  const { rows, repetitions, cpu, wall, ledger } = found
  return [
    '',
    `W1 with its ledger encrypted, ${whole(rows)} rows, ${repetitions} turns, against plain: CPU ${more(cpu)}, time ${more(wall)}, ledger ${more(ledger)}`,
  ]
}

function splittingLines({ splitting: found }: Results): string[] {
  if (found === null) return []
  const { rows, repetitions, splits, none, one, two } = found
  const peak = (bytes: number) => whole(bytes / 1e6)
  return [
    '',
    `W1 in ${splits} splits, ${whole(rows)} rows, ${repetitions} turns, against without; whole processes of the built program:`,
    ...table(
      ['workers', 'time', 'CPU a row', 'memory', 'peak MB'],
      [
        ['without splits', '', '', '', peak(none.peak_rss_bytes)],
        ...[['1', one] as const, ['2', two] as const].map(([workers, { wall, cpu, memory, peak_rss_bytes }]) => [
          ...[workers, more(wall), more(cpu), more(memory), peak(peak_rss_bytes)],
        ]),
      ],
    ),
  ]
}

function coordinatingLines({ coordinating: found }: Results): string[] {
  if (found === null) return []
  const { splits, sqlite, postgres, peak_rss_bytes } = found
  const of = (what: string, get: (each: OfSplit) => number | undefined) => [
    what,
    ...[sqlite, postgres].map(each => get(each)?.toFixed(1) ?? '–'),
  ]
  return [
    '',
    `Of ${whole(splits)} splits, nearly all empty, with 2 workers: each of them beside what 10 take; peak ${whole(peak_rss_bytes / 1e6)} MB`,
    ...table(
      ['of each split', 'SQLite', 'PostgreSQL'],
      [
        of('time, ms', each => each.ms),
        of('CPU, ms', each => each.cpu_ms),
        of('ledger, bytes', each => each.ledger_bytes),
        of('CPU of the server, ms', each => each.server?.cpu_ms),
        of('write-ahead log, bytes', each => each.server?.wal_bytes),
        of('statements', each => each.server?.statements),
        of('transactions', each => each.server?.transactions),
        of('CPU of `show`, ms', each => each.show_cpu_ms),
        of('CPU of `verify`, ms', each => each.verify_cpu_ms),
      ],
    ),
  ]
}

function lookingLines({ looking: found }: Results): string[] {
  if (found === null) return []
  const { rows, sqlite, postgres } = found
  const line = (what: string, of: 'explain' | 'page') => {
    const { own_ms, server_ms, waited_ms } = postgres[of]
    const beside = sqlite[of]
    return `       ${what}: ${own_ms.toFixed(1)} ms, and ${server_ms.toFixed(1)} ms of the server; answered in ${waited_ms.toFixed(1)} ms; over SQLite ${beside.own_ms.toFixed(1)} ms, answered in ${beside.waited_ms.toFixed(1)} ms`
  }
  return [
    '',
    `Readers of W1 over PostgreSQL, ${whole(rows)} rows, CPU of a question with the ledger open:`,
    line('explain one row', 'explain'),
    line('a page of 50 rows', 'page'),
  ]
}

function watchedLines({ watched }: Results): string[] {
  if (watched === null) return []
  const { rows, turns, listener, page } = watched
  const share = (part: number) => `${(part * 100).toFixed(2)} %`
  return [
    '',
    `W1 watched, ${whole(rows)} rows, ${turns} turns; CPU of the watchers is that of all processors:`,
    ...table(
      ['watched by', 'server', 'browser', 'changes/s', 'time of the run', 'its CPU time'],
      [['a listener', listener] as const, ['its page in Chromium', page] as const].map(
        ([who, { server, browser, changes_per_second, wall, cpu }]) => [
          ...[who, share(server), share(browser), changes_per_second.toFixed(2), more(wall), more(cpu)],
        ],
      ),
    ),
  ]
}

const ms = (milliseconds: number): string => `${milliseconds.toFixed(0)} ms`

function callLines({ calls }: Results): string[] {
  if (calls === null) return []
  const { rows, requests, concurrency, rows_per_second, ideal_rows_per_second, rss_growth } = calls
  return [
    '',
    `calls: ${whole(rows)} rows, ${whole(requests)} requests, ${concurrency} at a time: ${whole(rows_per_second)} rows/s of ${whole(ideal_rows_per_second)}`,
    `       ${whole(calls.cpu_us_per_row)} µs of CPU a row; peak ${whole(calls.peak_rss_bytes / 1e6)} MB, growth ${((rss_growth - 1) * 100).toFixed(1)} %`,
  ]
}

function amount(value: number, unit: Compared['unit']): string {
  switch (unit) {
    case 'ratio':
      return value.toFixed(2)
    case '%':
      return `${value.toFixed(1)} %`
    case 'ms':
      return `${value.toFixed(1)} ms`
    case 'MB':
      return `${whole(value)} MB`
    case 'bytes':
      return whole(value)
  }
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}

/** Columns of text; all but the first are right-aligned. */
export function table(heads: readonly string[], rows: ReadonlyArray<readonly string[]>): string[] {
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map(row => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd()
  return [line(heads), ...rows.map(line)]
}
