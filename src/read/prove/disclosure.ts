/** Which values of the run's own entries a record discloses, by what is asked for; and these values with their salts. */
import type { RunEntry } from '../../format/entry.ts'
import { bytesToHex } from '../../format/hash.ts'
import type { ShownValue } from '../../format/proof.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { CustodyError } from '../../model/error.ts'
import { keyNeeded } from '../../model/key-needed.ts'
import { decodeRunEntry } from '../decode.ts'
import { UnsoundRecord } from '../evidence/unsound.ts'
import { readable } from '../runs/damaged.ts'
import { type Closing, openingOf } from '../runs/run-log.ts'
import { decodePayload } from '../values.ts'

/** `plan`: the pipeline file. `source`: hashes of what was read. `options`: a node's options, and the fields that a source declares. `output`: what a sink published. */
export type Disclosure =
  | { readonly of: 'plan' }
  | { readonly of: 'source' | 'options' | 'output'; readonly name: string }

type Reader = Pick<LedgerReader, 'url' | 'entry' | 'payload' | 'entriesOfRun' | 'entryWithValue'>

/** By ascending numbers. @throws CustodyError CUSTODY_RECORD_VALUE */
export async function disclosedValues(
  reader: Reader,
  log: number,
  closing: Closing,
  disclose: readonly Disclosure[],
): Promise<readonly ShownValue[]> {
  const numbers = new Set<number>()
  for (const each of disclose) {
    const found = await numbersOf(reader, log, closing, each)
    if (found.length === 0) throw nothingOf(each)
    for (const number of found) numbers.add(number)
  }
  const values: ShownValue[] = []
  for (const number of [...numbers].toSorted((a, b) => a - b)) values.push(await valueAt(reader, log, number))
  return values
}

async function numbersOf(
  reader: Reader,
  log: number,
  { commit, publish }: Closing,
  each: Disclosure,
): Promise<readonly number[]> {
  const { topology, values, files = [], splits } = await openingOf(reader, log)
  if (each.of === 'plan') return some(values.plan)
  const number = topology.nodes.findIndex(({ name }) => name === each.name) + 1
  const kind = topology.nodes[number - 1]?.kind
  if (each.of === 'options') return some(values.nodes[number - 1]?.options, values.nodes[number - 1]?.fields)
  if (each.of === 'output') return some(publish?.entry.artifacts.find(({ sink }) => sink === number)?.contents)
  if (kind !== 'source') return []
  const whole = some(commit?.entry.cursors.find(({ source }) => source === number)?.hash)
  const is_list = files.some(({ source }) => source === number)
  if (!is_list && (splits === undefined || whole.length > 0)) return whole
  const found: number[] = []
  for await (const { seq, body } of reader.entriesOfRun(log)) {
    const facts: RunEntry = readable(log, () => decodeRunEntry(seq, body)).facts
    if ((facts.k !== 'file' && facts.k !== 'cut') || facts.source !== number) continue
    if (facts.k === 'file') found.push(...some(facts.hash))
    else if (facts.whole !== undefined) throw readWhole(each.name, facts.whole)
    else if (facts.dealt === undefined) found.push(...some(facts.hashes))
  }
  return found
}

/** Only the run's own values are in a record, and what a split has read is one of the split's. */
function readWhole(name: string, part: number): CustodyError {
  const message = `source ${name} couldn’t be cut: split ${part} read all of it, and a record has no values of splits`
  return new CustodyError('CUSTODY_RECORD_VALUE', message, {
    hint: '`custody verify --files` compares what it read with the file; a run without `splits` discloses it.',
  })
}

const some = (...numbers: ReadonlyArray<number | undefined>) => numbers.flatMap(each => each ?? [])

/** @throws UnsoundRecord; CustodyError CUSTODY_RECORD_VALUE if it is erased. */
async function valueAt(reader: Reader, log: number, number: number): Promise<ShownValue> {
  const entry = await reader.entryWithValue(log, number)
  const payload = entry === null ? null : await reader.payload(log, entry.seq)
  if (entry === null || payload === null) throw new UnsoundRecord([`value ${number} of the run isn’t there`])
  const { first_value } = readable(log, () => decodeRunEntry(entry.seq, entry.body))
  const { values, salts } = readable(log, () => decodePayload(payload))
  const [stored, salt] = [values[number - first_value], salts[number - first_value]]
  if (stored?.kind === 'erased')
    throw new CustodyError(
      'CUSTODY_RECORD_VALUE',
      `value ${number} of the run is erased: it can’t be disclosed any more`,
    )
  if (stored?.kind === 'unreadable') throw keyNeeded(stored.key_id, `the run’s entry ${entry.seq}`)
  if (stored?.kind !== 'full' || salt === undefined) throw new UnsoundRecord([`value ${number} of the run isn’t there`])
  return { number, salt: bytesToHex(salt), value: stored.value }
}

function nothingOf(each: Disclosure): CustodyError {
  const what =
    each.of === 'plan'
      ? 'the pipeline file isn’t'
      : each.of === 'options'
        ? `no options of a node ${each.name} are`
        : each.of === 'source'
          ? `no hash of what a source ${each.name} read is`
          : `no file that a sink ${each.name} published is`
  return new CustodyError('CUSTODY_RECORD_VALUE', `${what} on record`)
}
