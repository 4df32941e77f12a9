/** The story of a row or a token, checked, with those of the same record in runs before and after: what `explain` prints. */
import type { Environment } from '../../ledger/keys/config-folder.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { partOf } from '../../model/part-ids.ts'
import type { RunReader } from '../../read/evidence/run-reader.ts'
import { explainRow, explainToken } from '../../read/explain/explain.ts'
import { type Joined, joinedStories } from '../../read/explain/joined.ts'
import { storyJson } from '../../read/explain/json.ts'
import type { Story } from '../../read/explain/story.ts'
import { type NamedRow, numberOfRow } from '../../read/recorded/named-row.ts'
import type { Bound } from '../../read/verify/bound.ts'
import { boundJson, type CheckObserver, checkedRun } from '../checked-run.ts'
import { rolledBack, type Sight } from '../seen-ledger.ts'

/** A row, or the row or batch that a token belongs to. */
export type Subject = { readonly row: NamedRow } | { readonly token: number }

export interface StoryFound {
  readonly story: Story
  readonly joined: Joined
  /** Of a run that isn't sealed: what the ledger's own log binds of the log that this is in. */
  readonly bound: Bound | null
}

/** `reader`: with which it was read. @throws UnsoundRecord; CustodyError CUSTODY_ROW_UNKNOWN, or as `findRun`. */
export async function findStory(
  env: Environment,
  inner: LedgerReader,
  name: string,
  subject: Subject,
  observer: CheckObserver,
): Promise<StoryFound & { readonly reader: RunReader }> {
  const { reader, checked, log, run } = await checkedRun(env, inner, name, observer, 'stories')
  const story =
    'row' in subject
      ? await explainRow(reader, log, await numberOfRow(reader, log, subject.row))
      : await explainToken(reader, log, subject.token)
  const joined = await joinedStories(reader, inner, { run, log }, story)
  const bound = await (await checked.check(log + partOf(story.entries[0] ?? 0))).boundInAll()
  return { story, joined, bound, reader }
}

/** `explain --json`. */
export function explainedJson({ story, joined, bound }: StoryFound, sight: Sight) {
  return { ...storyJson(story), ...boundJson(bound), ...rolledBack(sight), ...joinedJson(joined), holds: true as const }
}

function joinedJson({ before, again }: Joined) {
  return {
    ...(before.length === 0 ? {} : { repeats: before.map(storyJson) }),
    ...(again.length === 0 ? {} : { reruns: again.map(storyJson) }),
  }
}
