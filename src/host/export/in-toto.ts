/** Signed statements about a run's output files, a line for each. */
import { type DsseEnvelope, envelopeOf } from '../../format/dsse.ts'
import type { Signer } from '../../format/signing-key.ts'
import { KEY_TYPE_NAMES, keyLabel, parseVerifierKey } from '../../format/verifier-key.ts'
import type { Environment } from '../../ledger/keys/config-folder.ts'
import { ownKeys, signingKey } from '../../ledger/keys/keys.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { CustodyError } from '../../model/error.ts'
import type { RunFacts } from '../../read/export/facts.ts'
import { PAYLOAD_TYPE, statementOf } from '../../read/export/in-toto.ts'
import { keysOnRecord } from '../../read/keys-on-record.ts'

export interface Statements {
  /** `name+hash` of the keys that sign. */
  readonly signed_by: readonly string[]
  /** Sinks of whose files nothing can be stated any more: it was erased. */
  readonly erased: readonly string[]
  /** As many as there are files. */
  readonly files: number
  /** Each is an envelope as JSON, and a newline. */
  lines(): Iterable<string>
}

/**
 * `reader` gives nothing but what was signed.
 * @throws CustodyError CUSTODY_EXPORT_OPEN, CUSTODY_EXPORT_NOTHING, CUSTODY_EXPORT_ERASED, CUSTODY_KEY_UNKNOWN, CUSTODY_KEY.
 */
export async function statementsOf(reader: LedgerReader, facts: RunFacts, env: Environment): Promise<Statements> {
  const { sealed, outputs, shown } = facts
  if (sealed === null)
    throw new CustodyError('CUSTODY_EXPORT_OPEN', `run ${shown.run} is ${shown.status}: what it leaves isn’t known yet`)
  const erased = outputs.filter(({ files }) => files === null).map(({ sink }) => sink)
  const files = outputs.flatMap(({ sink, files: of }) => (of ?? []).map(file => ({ sink, file })))
  if (files.length === 0 && erased.length > 0)
    throw new CustodyError(
      'CUSTODY_EXPORT_ERASED',
      `what run ${shown.run} wrote isn’t on record any more: it was erased`,
    )
  if (files.length === 0) throw new CustodyError('CUSTODY_EXPORT_NOTHING', `run ${shown.run} has left no file`)
  const { signer, labels } = await signerInForce(reader, env)
  const signed = (body: string): DsseEnvelope => {
    const envelope = envelopeOf(PAYLOAD_TYPE, body, signer)
    return { ...envelope, signatures: envelope.signatures.filter(({ keyid }) => labels.includes(keyid)) }
  }
  return {
    ...{ signed_by: labels, erased, files: files.length },
    *lines() {
      for (const { sink, file } of files) yield `${JSON.stringify(signed(statementOf(facts, sealed, sink, file)))}\n`
    },
  }
}

/** The user's keys, as far as the ledger says that they are in force: one of each type that is so. */
async function signerInForce(
  reader: LedgerReader,
  env: Environment,
): Promise<{ readonly signer: Signer; readonly labels: readonly string[] }> {
  const in_force = (await keysOnRecord(reader)).map(each => parseVerifierKey(each.verifier_key))
  const own = ownKeys(env)
  const good = own.filter(key => in_force.some(each => each.text === key.text))
  const lacking = in_force.find(key => !good.some(each => each.type === key.type))
  if (lacking !== undefined)
    throw new CustodyError(
      'CUSTODY_KEY_UNKNOWN',
      `statements are signed with keys that are in force in the ledger, and you have none of type ${KEY_TYPE_NAMES[lacking.type]} that is`,
      {
        hint: `In force: ${in_force.map(each => keyLabel(each.text)).join(', ')}. Export where one of these is the signing key ($CUSTODY_KEY).`,
      },
    )
  return { signer: signingKey(env), labels: good.map(each => keyLabel(each.text)) }
}
