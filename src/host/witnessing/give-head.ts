/**
 * Gives the head of a ledger's own log to all who are named, and keeps what they say of it.
 *
 * GIVE-HEAD-1. It takes nothing from a run: whatever fails is reported, and made up for with a later head, which stands for all before.
 * GIVE-HEAD-2. What a witness has cosigned last is what is stored of it, so that there is no second word of that.
 * GIVE-HEAD-3. A witness that has an alarm of this ledger isn't asked.
 */
import { cosignaturesOf } from '../../format/cosignature.ts'
import { signatureLine } from '../../format/head-note.ts'
import { noteOf, readNote } from '../../format/note.ts'
import { isReached, type Policy, type PolicyWitness } from '../../format/policy.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import type { WitnessingLedger } from '../../ledger/store.ts'
import { counted } from '../../model/number-text.ts'
import type { Alarms } from './alarms.ts'
import { askAuthority } from './ask-authority.ts'
import { type Asking, askWitness, type WitnessPlace } from './ask-witness.ts'
import { type CurrentHead, currentHead, type Memory } from './current-head.ts'
import type { Post } from './post.ts'
import type { WitnessingSettings } from './settings.ts'

export interface WitnessingPorts {
  readonly post: Post
  readonly alarms: Alarms
  readonly memory: Memory
  readonly now_us: () => number
}

/** The result. */
export interface HeadGiven {
  readonly origin: string
  /** Entries of the head. */
  readonly size: number
  /** Of the policy's witnesses, those that have cosigned this head, by their names there. */
  readonly witnessed_by: readonly string[]
  /** Whether they are as many as the policy demands; null: there is no policy. */
  readonly quorum: boolean | null
  /** Whether a timestamp authority has dated this head; null: none is named. */
  readonly timestamped: boolean | null
  /** Sentences without their ends. */
  readonly troubles: readonly string[]
  /** Somebody has seen another history: of `troubles`, those that are alarms. */
  readonly alarms: readonly string[]
}

/** @throws CustodyError of reading and writing the ledger; CUSTODY_LEDGER_ALTERED, CUSTODY_LEDGER_FORKED. */
export async function giveHead(
  ledger: WitnessingLedger,
  settings: WitnessingSettings,
  ports: WitnessingPorts,
): Promise<HeadGiven> {
  const head = await currentHead(ledger.reader, ports.memory)
  const { policy } = settings
  const [given, dated] = await Promise.all([
    policy === null ? NOBODY : giveToWitnesses(ledger, policy, head, ports),
    settings.timestamps === null ? null : giveToAuthority(ledger, settings.timestamps, head, ports),
  ])
  const { origin, size } = head
  const troubles = typeof dated === 'string' ? [...given.troubles, dated] : given.troubles
  return { origin, size, ...given, troubles, timestamped: typeof dated === 'string' ? false : dated }
}

/** Whether it is dated; or why it isn't, a sentence without its end. */
async function giveToAuthority(
  ledger: WitnessingLedger,
  url: string,
  { size, note }: CurrentHead,
  { post }: WitnessingPorts,
): Promise<true | string> {
  if ((await ledger.reader.timestamped()) >= size) return true
  const dated = await askAuthority(url, note, post)
  if (dated.kind === 'none')
    return `the timestamp authority ${url} ${dated.why}; it is given the next head, or this one by \`custody witness --catch-up\``
  await ledger.keepTimestamp({ size, note, stamp: dated.token })
  return true
}

type Given = Pick<HeadGiven, 'witnessed_by' | 'quorum' | 'troubles' | 'alarms'>
const NOBODY: Given = { witnessed_by: [], quorum: null, troubles: [], alarms: [] }

async function giveToWitnesses(
  ledger: WitnessingLedger,
  policy: Policy,
  head: CurrentHead,
  ports: WitnessingPorts,
): Promise<Given> {
  const places = placesOf(policy)
  const last = await lastCosigned(ledger.reader, policy.witnesses)
  const cosigned = new Set(policy.witnesses.filter(each => last.get(each) === head.size))
  const due = places.filter(({ witnesses }) => witnesses.some(each => !cosigned.has(each)))
  const asked = await Promise.all(
    due.map(async place => {
      const standing = ports.alarms.standing(head.origin, place.url)
      if (standing !== null) return { place, asking: { kind: 'silenced', standing } as const }
      const from = Math.max(0, ...place.witnesses.map(each => last.get(each) ?? 0))
      return { place, asking: await askWitness(place, head, from, ports.post) }
    }),
  )
  const lines = asked.flatMap(({ asking }) => (asking.kind === 'cosigned' ? asking.lines : []))
  if (lines.length > 0)
    await ledger.keepWitnessed({ size: head.size, note: noteOf(head.text, [...own(head), ...lines]) })
  for (const { place, asking } of asked)
    if (asking.kind === 'cosigned')
      for (const each of place.witnesses) if (!asking.lacking.includes(each)) cosigned.add(each)
  const troubles: string[] = []
  const alarms: string[] = []
  for (const { place, asking } of asked) {
    const later = asking.kind === 'alarm' && (await hasGrown(ledger.reader, asking.size))
    const trouble = later ? null : troubleOf(place, asking, head, ports)
    if (trouble === null) continue
    troubles.push(trouble)
    if (asking.kind === 'alarm' || asking.kind === 'silenced') alarms.push(trouble)
  }
  const witnessed_by = policy.witnesses.filter(each => cosigned.has(each)).map(each => each.name)
  return { witnessed_by, quorum: isReached(policy.quorum, cosigned), troubles, alarms }
}

/** Witnesses that have a URL, those of one URL together: they are keys of one witness. */
function placesOf({ witnesses }: Policy): readonly WitnessPlace[] {
  const places = Map.groupBy(
    witnesses.filter(each => each.url !== null),
    each => each.url ?? '',
  )
  return [...places].map(([url, of_url]) => ({ url, witnesses: of_url }))
}

/** Size of the largest head that each is on record to have cosigned. What doesn't hold isn't counted. */
async function lastCosigned(
  reader: LedgerReader,
  witnesses: readonly PolicyWitness[],
): Promise<ReadonlyMap<PolicyWitness, number>> {
  const found = new Map<PolicyWitness, number>()
  for await (const { size, note } of reader.witnessed('newest')) {
    const missing = witnesses.filter(each => !found.has(each))
    if (missing.length === 0) break
    const read = cosignaturesOf(
      note,
      missing.map(each => each.key),
    )
    if (!read.ok) continue
    for (const each of missing) if (read.cosignatures.some(({ key }) => key === each.key)) found.set(each, size)
  }
  return found
}

function own({ note }: CurrentHead): readonly string[] {
  const read = readNote(note)
  return read.ok ? read.signatures.map(signatureLine) : []
}

/** Whether another process has appended meanwhile, and so may have given the witness a larger head. */
async function hasGrown(reader: LedgerReader, size: number | null): Promise<boolean> {
  return size !== null && (await reader.size(0)) >= size
}

type Trouble = Asking | { readonly kind: 'silenced'; readonly standing: string }

/** null if it has cosigned with all its keys. */
function troubleOf(
  { url, witnesses }: WitnessPlace,
  asking: Trouble,
  head: CurrentHead,
  ports: WitnessingPorts,
): string | null {
  const who = `witness ${[...new Set(witnesses.map(each => each.name))].join(', ')} (${url})`
  switch (asking.kind) {
    case 'cosigned':
      if (asking.lacking.length === 0) return null
      return `${who} hasn’t signed with key ${asking.lacking.map(({ key }) => `${key.name}+${key.hash}`).join(', ')}`
    case 'later':
      return `${who} ${asking.why}; it is given the next head, or this one by \`custody witness --catch-up\``
    case 'unregistered':
      return `${who} doesn’t know the keys that sign this ledger. Have whoever keeps the witness register them for origin ${head.origin}: ${head.keys.map(each => each.text).join(' ')} (a witness that \`custody witness\` runs takes --log '${head.origin} ${head.keys[0]?.text}', a line for each)`
    case 'silenced':
      return `${who} isn’t asked, since it has seen another history of this ledger: see ${asking.standing}, and remove the file when that is explained`
    case 'alarm':
      return `ALARM: ${who} has seen another history of this ledger: ${asking.what}. Either the ledger was rolled back or forked, or somebody else signs with its key. ${raised(url, asking.what, head, ports)}`
  }
}

function raised(url: string, what: string, { origin, note }: CurrentHead, { alarms, now_us }: WitnessingPorts): string {
  try {
    return `It isn’t asked again until you remove ${alarms.raise({ origin, url, what, note, at_us: now_us() })}`
  } catch (error) {
    return `That can’t be remembered (${error instanceof Error ? error.message : String(error)})`
  }
}

/** What is said of a head that was given, in a line. */
export function givenText({ size, witnessed_by, quorum, timestamped }: HeadGiven): string {
  const by = witnessed_by.length === 0 ? 'nobody' : witnessed_by.join(', ')
  const dated = timestamped === null ? '' : timestamped ? ', dated by the timestamp authority' : ', not dated'
  return `head of ${counted(size, 'entry', 'entries')}, witnessed by ${by}${quorum === false ? ': fewer than the policy demands' : ''}${dated}`
}
