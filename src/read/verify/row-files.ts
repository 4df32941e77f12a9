/**
 * `verify --decisions`: which file of its sink a row went to, where rows name these. Each file that was published has as many rows as name
 * it, and no row names another.
 *
 * Where links lead from one name to another's file the record doesn't show that. So rows whose names no file has are a problem only where that
 * can't be the reason: their names are of files alone, and each file that is there has rows that name it.
 */
import { type SubjectEntry, VISIT_OK } from '../../format/entry.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { counted } from '../../model/number-text.ts'
import { type NamedFiles, namedFilesOf, namesFolders, namesFor } from '../runs/named-file.ts'
import { planOf } from '../runs/opening-values.ts'
import type { SubjectValues } from '../values.ts'
import type { Verdicts } from './batch-keys.ts'
import type { Ways } from './ways.ts'

interface Output {
  readonly named: NamedFiles
  /** By path, how many rows name it. */
  readonly rows: Map<string, number>
  /** Rows whose names no file has. */
  elsewhere: number
  /** Rows that are erased, or whose names can't be seen from the path as it is written. */
  unseen: number
}

/** Where it says, too, what can't be compared. */
export interface FileVerdicts extends Verdicts {
  say(not_checked: string): void
}

export class RowFiles {
  readonly #outputs: ReadonlyMap<string, Output>

  private constructor(outputs: ReadonlyMap<string, Output>) {
    this.#outputs = outputs
  }

  /** null if no sink has such files, or nothing was published. @throws CustodyError CUSTODY_VERIFY_FAILED */
  static async of(reader: LedgerReader, log: number): Promise<RowFiles | null> {
    const named = await namedFilesOf(reader, log, await planOf(reader, log))
    const outputs = [...named].filter(([, { artifacts }]) => artifacts !== null)
    if (outputs.length === 0) return null
    const counts = () => ({ rows: new Map<string, number>(), elsewhere: 0, unseen: 0 })
    return new RowFiles(new Map(outputs.map(([sink, each]) => [sink, { named: each, ...counts() }])))
  }

  /** An entry whose values are known. */
  take({ visits }: Pick<SubjectEntry, 'visits'>, values: SubjectValues, ways: Ways): void {
    for (const { node, status, in: number } of visits) {
      const output = ways.kind(node) === 'sink' && status === VISIT_OK ? this.#outputs.get(ways.name(node)) : undefined
      if (output === undefined) continue
      const row = values.isMissing(number) ? undefined : values.get(number)
      const names = row === undefined ? null : namesFor(output.named, row)
      const path = names === null ? null : output.named.files.get(names)
      if (path === undefined) output.elsewhere++
      else if (path === null) output.unseen++
      else output.rows.set(path, (output.rows.get(path) ?? 0) + 1)
    }
  }

  /** All entries are in, of a run with splits those of each. */
  finish(verdicts: FileVerdicts): void {
    for (const [sink, output] of this.#outputs) this.#compare(sink, output, verdicts)
  }

  #compare(sink: string, { named, rows, elsewhere, unseen }: Output, verdicts: FileVerdicts): void {
    const artifacts = named.artifacts ?? []
    for (const { path, rows: has } of artifacts) {
      const name = rows.get(path) ?? 0
      const may_have_more = elsewhere + unseen > 0
      const wrong = has < name || (has > name && !may_have_more)
      const problem = `has ${counted(has, 'row')}, and ${counted(name, 'row names', 'rows name')} it`
      verdicts.compare(wrong ? problem : null, `sink ${sink}: ${path}`)
    }
    if (unseen > 0)
      verdicts.say(
        `sink ${sink}: which file ${counted(unseen, 'row')} went to can’t be seen from the path as the pipeline has it, or the values are erased`,
      )
    if (elsewhere === 0) return
    const may_be_linked = unseen > 0 || namesFolders(named) || artifacts.some(({ path }) => !rows.has(path))
    const what = `${counted(elsewhere, 'row names', 'rows name')} no file that was published`
    if (may_be_linked) verdicts.say(`sink ${sink}: ${what}, as it is where links lead from one name to another`)
    else verdicts.compare(what, `sink ${sink}:`)
  }
}
