/** Statements about output files in the form of in-toto (Statement v1): which run left a file of this content, and what that run came to. */
import { canonicalize } from '../../model/canonical.ts'
import type { Json } from '../../model/row.ts'
import type { OutputFile, RunFacts, SealedFact } from './facts.ts'

export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1'
/** docs/export.md has its schema. */
export const PREDICATE_TYPE = 'urn:custody:run-output:1'
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json'

/** A statement as canonical JSON. `sealed` is that of the run. */
export function statementOf(facts: RunFacts, sealed: SealedFact, sink: string, file: OutputFile): string {
  const { shown, ledger, log, plan_hash, custody } = facts
  const { rows, tokens, outcomes, causes } = shown
  const predicate = {
    run: {
      ...{
        id: shown.run,
        name: shown.name,
        status: shown.status,
        started_at: shown.started_at,
        ended_at: shown.ended_at,
      },
      ...{ log, entries: sealed.size, root: sealed.root },
    },
    plan: { sha256: plan_hash },
    custody,
    output: { sink, rows: file.rows, bytes: file.bytes },
    counts: { rows, tokens, outcomes, causes },
    ledger: { id: ledger, sealed: { body: sealed.body, proof: sealed.proof } },
  }
  return canonicalize({
    _type: STATEMENT_TYPE,
    subject: [{ name: lastPart(file.path), digest: { sha256: file.sha256 } }],
    predicateType: PREDICATE_TYPE,
    predicate,
  } as unknown as Json)
}

/** The file's name; of an object in a store, too. */
export function lastPart(path: string): string {
  return (
    path
      .split(/[/\\]/)
      .filter(each => each !== '')
      .at(-1) ?? path
  )
}
