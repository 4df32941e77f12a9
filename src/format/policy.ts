/**
 * Policies (C2SP tlog-policy): which logs are meant, which witnesses are known, and how many of them must have cosigned a head.
 *
 * POLICY-1. Whatever the format doesn't have is refused, with the line that it stands in: no line is passed over.
 * POLICY-2. Names are bytes: two are the same if their bytes are.
 * POLICY-3. A `log` line pins a ledger by its public key. Its name should be the log's origin, and Custody's keys have names of their
 *     own, so that names aren't compared: whichever name the key was given, what is signed with it counts.
 * POLICY-4. No two logs, no two witnesses, and no log and witness have one public key: a log is no witness of its own. Each witness or group is a member of at most one group. So no
 *     witness counts twice.
 * POLICY-5. Log lines of one name are keys of one signer: of each type that they have one must have signed, so that who knows an ML-DSA-44
 *     key of a log isn't content with its Ed25519 key.
 */
import { type Cosignature, type CosignerKey, cosignaturesOf, parseCosignerKey } from './cosignature.ts'
import { bytesToHex } from './hash.ts'
import { NoteError, parseVerifierKey, type VerifierKey } from './verifier-key.ts'

export interface PolicyWitness {
  /** Its name in the policy, for people. */
  readonly name: string
  readonly key: CosignerKey
  /** Where heads are submitted (C2SP tlog-witness), as it stands there; null: nowhere that the policy knows. */
  readonly url: string | null
}

export interface PolicyLog {
  readonly key: VerifierKey
  readonly url: string | null
}

/** A rule of who must have cosigned. */
export type Quorum =
  | { readonly kind: 'none' }
  | { readonly kind: 'witness'; readonly witness: PolicyWitness }
  | {
      readonly kind: 'group'
      readonly name: string
      /** So many of the members must hold. */
      readonly threshold: number
      readonly members: readonly Quorum[]
    }

export interface Policy {
  readonly logs: readonly PolicyLog[]
  readonly witnesses: readonly PolicyWitness[]
  readonly quorum: Quorum
}

/** `line` counts from 1. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError'
  readonly line: number

  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

/** Of logs, witnesses and groups together. */
const MOST_DEFINITIONS = 1_000
const MOST_SHOWN = 60
const NONE = 'none'
const OWN_WITNESS = 'a log and a witness have the same public key: what it signs twice is one word'

/** @throws PolicyError with the line of what isn't one. */
export function parsePolicy(bytes: Uint8Array): Policy {
  const lines = octets(bytes).split('\n')
  const reader = new PolicyReader()
  for (const [i, line] of lines.entries()) {
    const bad = /[^\t\x20-\x7e\x80-\xff]/.exec(line)
    if (bad !== null) {
      const code = bad[0].charCodeAt(0).toString(16).padStart(2, '0')
      throw new PolicyError(
        i + 1,
        `it has the control character ${code}${code === '0d' ? ': lines end in a newline alone' : ''}`,
      )
    }
    if (i === lines.length - 1 && line !== '')
      throw new PolicyError(i + 1, 'the last line doesn’t end in a newline: the file may have been cut')
    const items = line.split(/[ \t]+/).filter(each => each !== '')
    if (items.length > 0 && !items[0]?.startsWith('#')) reader.take(i + 1, items)
  }
  return reader.policy(lines.length)
}

/** Octets as characters of the same number, so that whatever they are they stay apart (POLICY-2). */
function octets(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

/** The text that octets are in UTF-8; what isn't is replaced, so that it is fit to be shown, and no key. */
function shown(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(text, each => each.charCodeAt(0)))
}

/** As much of a word as shows which it is: in a file that is no policy at all it can be the whole file. */
function beginning(word: string): string {
  return word.length > MOST_SHOWN ? `${word.slice(0, MOST_SHOWN)}…`.toWellFormed() : word
}

class PolicyReader {
  readonly #logs: PolicyLog[] = []
  readonly #witnesses: PolicyWitness[] = []
  /** Witnesses and groups by their names. */
  readonly #named = new Map<string, Quorum>()
  readonly #members = new Set<string>()
  #quorum: Quorum | null = null

  take(line: number, items: readonly string[]): void {
    const fail = (message: string): never => {
      throw new PolicyError(line, message)
    }
    if (this.#named.size + this.#logs.length >= MOST_DEFINITIONS)
      fail(`there are more than ${MOST_DEFINITIONS} definitions`)
    const [keyword = '', ...rest] = items
    switch (keyword) {
      case 'log':
        return this.#log(rest, fail)
      case 'witness':
        return this.#witness(rest, fail)
      case 'group':
        return this.#group(rest, fail)
      case 'quorum':
        return this.#setQuorum(rest, fail)
      default:
        return fail(`${JSON.stringify(beginning(shown(keyword)))} is none of log, witness, group, quorum`)
    }
  }

  /** @param last line of the file. */
  policy(last: number): Policy {
    if (this.#quorum === null) throw new PolicyError(last, 'there is no quorum line')
    return { logs: this.#logs, witnesses: this.#witnesses, quorum: this.#quorum }
  }

  #log([key = '', url, ...more]: readonly string[], fail: Fail): void {
    if (key === '' || more.length > 0) fail('a log is: log <verifier key> [<url>]')
    const parsed = keyOf(key, parseVerifierKey, fail)
    if (this.#logs.some(each => isSame(each.key, parsed))) fail('another log has the same public key')
    if (this.#witnesses.some(each => isSame(each.key, parsed))) fail(OWN_WITNESS)
    this.#logs.push({ key: parsed, url: url === undefined ? null : shown(url) })
  }

  #witness([name = '', key = '', url, ...more]: readonly string[], fail: Fail): void {
    if (key === '' || more.length > 0) fail('a witness is: witness <name> <verifier key> [<url>]')
    const parsed = keyOf(key, parseCosignerKey, fail)
    if (this.#witnesses.some(each => isSame(each.key, parsed))) fail('another witness has the same public key')
    if (this.#logs.some(each => isSame(each.key, parsed))) fail(OWN_WITNESS)
    const witness = { name: shown(name), key: parsed, url: url === undefined ? null : shown(url) }
    this.#define(name, { kind: 'witness', witness }, fail)
    this.#witnesses.push(witness)
  }

  #group([name = '', how = '', ...names]: readonly string[], fail: Fail): void {
    if (names.length === 0) fail('a group is: group <name> all|any|<number> <member>…')
    const members = names.map(each => {
      if (each === NONE) fail(`${NONE} can’t be a member`)
      if (this.#members.has(each)) fail(`${JSON.stringify(shown(each))} is a member already: each name can be one once`)
      this.#members.add(each)
      return this.#find(each, fail)
    })
    const threshold = how === 'all' ? members.length : how === 'any' ? 1 : /^[1-9][0-9]*$/.test(how) ? Number(how) : 0
    if (threshold < 1 || threshold > members.length)
      fail(
        `of ${members.length} members all, any, or a number from 1 to ${members.length} can be demanded, not ${JSON.stringify(shown(how))}`,
      )
    this.#define(name, { kind: 'group', name: shown(name), threshold, members }, fail)
  }

  #setQuorum([name = '', ...more]: readonly string[], fail: Fail): void {
    if (name === '' || more.length > 0) fail('a quorum is: quorum <name of a witness or group>, or quorum none')
    if (this.#quorum !== null) fail('there is a quorum line before it')
    this.#quorum = name === NONE ? { kind: 'none' } : this.#find(name, fail)
  }

  #define(name: string, as: Quorum, fail: Fail): void {
    if (name === NONE) fail(`${NONE} is a name that can’t be given`)
    if (this.#named.has(name)) fail(`${JSON.stringify(shown(name))} is defined before it`)
    this.#named.set(name, as)
  }

  #find(name: string, fail: Fail): Quorum {
    return (
      this.#named.get(name) ?? fail(`${JSON.stringify(shown(name))} is no witness or group that is defined before it`)
    )
  }
}

type Fail = (message: string) => never

function keyOf<Key>(text: string, parse: (text: string) => Key, fail: Fail): Key {
  try {
    return parse(shown(text))
  } catch (error) {
    if (error instanceof NoteError) return fail(error.message)
    throw error
  }
}

function isSame(a: { readonly public_key: Uint8Array }, b: { readonly public_key: Uint8Array }): boolean {
  return bytesToHex(a.public_key) === bytesToHex(b.public_key)
}

/** Whether a policy is about heads that these keys have signed: it pins them (POLICY-3, POLICY-5), or no log at all. */
export function isAbout({ logs }: Policy, signed_by: readonly VerifierKey[]): boolean {
  const pinned = logs.filter(({ key }) => signed_by.some(each => isOne(key, each)))
  const types = (of: readonly PolicyLog[], name: string) =>
    new Set(of.flatMap(({ key }) => (key.name === name ? [key.type] : [])))
  return logs.length === 0 || pinned.some(({ key: { name } }) => types(pinned, name).size === types(logs, name).size)
}

/** A witness that has a public key of the log's own, whatever names it was given; null if there is none. */
export function ownWitness({ witnesses }: Policy, keys: readonly VerifierKey[]): PolicyWitness | null {
  return witnesses.find(({ key }) => keys.some(each => each.type === key.cosigns && isSame(each, key))) ?? null
}

/** What is wrong with it, as a sentence. */
export function ownWitnessText({ name, key }: PolicyWitness): string {
  return `witness ${name} of the policy (${key.name}+${key.hash}) has a key of the ledger itself, whose word that would be once more`
}

/** Whether a policy's log lines name this key (POLICY-3). */
export function isPinned({ logs }: Policy, key: VerifierKey): boolean {
  return logs.some(each => isOne(each.key, key))
}

function isOne(a: VerifierKey, b: VerifierKey): boolean {
  return a.type === b.type && isSame(a, b)
}

/** Who has cosigned a note, of the witnesses that a policy knows. */
export interface Witnessed {
  /** Whether they are as many as the policy demands. */
  readonly quorum: boolean
  /** One can have cosigned several times. */
  readonly by: ReadonlyArray<{ readonly witness: PolicyWitness; readonly timestamp: Cosignature['timestamp'] }>
  /** Why its cosignatures count for nothing: it is no note, or a cosignature of a known witness doesn't hold; null if none is wrong. */
  readonly problem: string | null
}

/** Whether the log itself has signed it isn't asked here. */
export function witnessedBy(policy: Policy, note: string): Witnessed {
  const read = cosignaturesOf(
    note,
    policy.witnesses.map(each => each.key),
  )
  if (!read.ok) return { quorum: false, by: [], problem: read.message }
  const by = read.cosignatures.flatMap(({ key, timestamp }) =>
    policy.witnesses.filter(each => each.key === key).map(witness => ({ witness, timestamp })),
  )
  return { quorum: isReached(policy.quorum, new Set(by.map(each => each.witness))), by, problem: null }
}

/** Whether those who have cosigned are as many as the rule demands. */
export function isReached(quorum: Quorum, cosigned: ReadonlySet<PolicyWitness>): boolean {
  switch (quorum.kind) {
    case 'none':
      return true
    case 'witness':
      return cosigned.has(quorum.witness)
    case 'group':
      return quorum.members.filter(each => isReached(each, cosigned)).length >= quorum.threshold
  }
}
