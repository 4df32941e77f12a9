/** Checks of sinks that write files: a sink wound back to any receipt continues to the same bytes. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseJson } from '../../model/json.ts'
import { newRow, type Row } from '../../model/row.ts'
import type { Receipt, RewindableSinkSpec, Sink, SinkIntent } from '../spec.ts'
import type { Findings, Problems } from './problems.ts'
import { checkError, contextIn, eachSample, frozenRow, inFolder, RUN, type Sample } from './subject.ts'

/** Rows of one shape, with what formats find hard. */
export const SINK_ROWS: readonly Row[] = Array.from({ length: 12 }, (_, i) =>
  Object.assign(newRow(), {
    id: i,
    text: ['plain', 'a,b', 'say "x"', 'two\nlines', '', ' ünï 😀 '][i % 6] as string,
    amount: i / 3,
    none: null,
    flag: i % 2 === 0,
  }),
)

/** Where sinks stage what goes elsewhere. */
const STAGED = 'staged'

/** Uses the sample's `rows_in`, or rows of its own; a sink may refuse rows with an error that it declares, but not all. */
export async function checkSink(
  spec: RewindableSinkSpec,
  samples: readonly Sample[],
  findings: Findings,
): Promise<void> {
  await eachSample(spec, samples, 'writing', findings, (sample, options, problems) => {
    const rows = (sample.rows_in ?? SINK_ROWS).map(frozenRow)
    return checkOne(spec, options, sample, rows, problems)
  })
}

async function checkOne(
  spec: RewindableSinkSpec,
  options: unknown,
  sample: Sample,
  rows: readonly Row[],
  problems: Problems,
) {
  const undisturbed = await writeWith(spec, options, sample, rows, null, problems)
  if (undisturbed === null) return
  for (const cut of [0, 1, Math.floor(rows.length / 2), rows.length]) {
    const again = await writeWith(spec, options, sample, rows, cut, problems)
    problems
      .of('winding_back')
      .expect(again === undisturbed, `wound back to the receipt after ${cut} rows, it leaves other bytes`)
  }
}

/**
 * Writes all rows and gives the file's content; null if the sink has no file. With `cut`, a first sink writes that many,
 * gives a receipt, writes on, and is then abandoned, as if its process had died.
 */
async function writeWith(
  spec: RewindableSinkSpec,
  options: unknown,
  sample: Sample,
  rows: readonly Row[],
  cut: number | null,
  problems: Problems,
): Promise<string | null> {
  let content: string | null = null
  await inFolder(sample, async folder => {
    const make = async () =>
      spec.create(options, {
        ...contextIn(folder, sample),
        ...{ run: RUN, placed: null, staging: join(folder, STAGED), originalNames: () => ({}) },
      })
    const before = JSON.stringify(readdirSync(folder, { recursive: true }))
    const first = await make()
    const intent = await first.prepare()
    const after = JSON.stringify(readdirSync(folder, { recursive: true }))
    problems.of('preparing').expect(before === after, 'prepare() touches something')
    if (intent.path === null) return first.close()
    const receipt =
      cut === null ? await startAfresh(first, intent) : await dieAfter(spec, first, intent, rows, cut, problems)
    const sink = cut === null ? first : await make()
    if (cut !== null) await sink.open(intent, receipt)
    const written = (receipt?.rows ?? 0) + writeAll(spec, sink, rows.slice(cut ?? 0), problems)
    problems.expect(written > 0, 'it refuses all rows; give the example rows_in')
    content = await finish(sink, intent, { folder, read: sample.read ?? readHere }, written, problems)
  })
  return content
}

async function startAfresh(sink: Sink, intent: SinkIntent): Promise<null> {
  await sink.open(intent, null)
  return null
}

async function dieAfter(
  spec: RewindableSinkSpec,
  sink: Sink,
  intent: SinkIntent,
  rows: readonly Row[],
  cut: number,
  problems: Problems,
): Promise<Receipt> {
  await sink.open(intent, null)
  const written = writeAll(spec, sink, rows.slice(0, cut), problems)
  const receipt = parseJson(JSON.stringify(await sink.flush())) as Receipt
  problems.expect(receipt.rows === written, `the receipt after ${written} rows says ${receipt.rows}`)
  writeAll(spec, sink, rows.slice(cut), problems)
  await sink.flush()
  await sink.close()
  return receipt
}

/** How many rows it takes. */
function writeAll(spec: RewindableSinkSpec, sink: Sink, rows: readonly Row[], problems: Problems): number {
  let written = 0
  for (const row of rows) {
    const error = sink.write(row)
    if (error === null) written += 1
    else checkError(spec, error, problems)
  }
  return written
}

const readHere = async (path: string) => (existsSync(path) ? readFileSync(path) : null)

interface Place {
  readonly folder: string
  readonly read: NonNullable<Sample['read']>
}

async function finish(
  sink: Sink,
  intent: SinkIntent,
  { folder, read }: Place,
  rows: number,
  problems: Problems,
): Promise<string | null> {
  const last = await sink.finish()
  const published = await sink.publish()
  problems.expect(JSON.stringify(await sink.publish()) === JSON.stringify(published), 'publish() can’t be repeated')
  await sink.close()
  problems.expect(last.rows === rows, `the last receipt says ${last.rows} rows of ${rows}`)
  const artifacts = published === null ? [] : [published].flat()
  const paths = intent.by_value === true ? artifacts.map(({ path }) => path) : [intent.path as string]
  const found = await Promise.all(paths.map(read))
  const files = found.flatMap(each => (each === null ? [] : Buffer.from(each)))
  if (files.length < paths.length) {
    problems.add('there is no file after publish()')
    return null
  }
  const hashes = files.map(bytes => createHash('sha256').update(bytes).digest('hex'))
  const bytes = files.reduce((sum, each) => sum + each.length, 0)
  const said = last.files?.reduce((sum, each) => sum + each.bytes, 0) ?? last.bytes
  problems.expect(said === bytes, `the last receipt says ${said} bytes of ${bytes}`)
  const is_one = last.files === undefined && last.sha256 !== null
  problems.expect(!is_one || last.sha256 === hashes[0], 'the last receipt has another hash than the file')
  problems.expect(
    artifacts.every(({ sha256 }, i) => sha256 === hashes[i]),
    'the artifact has another hash than the file',
  )
  const names = intent.by_value === true ? paths.map(path => path.slice(folder.length)) : []
  return [...names, ...files.map(each => each.toString('latin1'))].join('\n')
}
