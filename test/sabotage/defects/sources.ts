/** What comes in: records of sources, and the attempts that a row has. */
import type { SourceRecord } from '../../../src/sdk/spec.ts'
import { but, type Defect, inConstructor, inFunction, inMethod } from '../defect.ts'

const chunk = () => import('../../../src/engine/nodes/source/chunk.ts')
const sourceReader = () => import('../../../src/engine/nodes/source/source-reader.ts')
const readFiles = () => import('../../../src/engine/nodes/source/read-files.ts')
const retry = () => import('../../../src/engine/nodes/retry.ts')

export const SOURCE_DEFECTS: readonly Defect[] = [
  {
    name: 'what a source yields is not looked at before it counts',
    shape: 'hostile',
    changes: [inFunction(chunk, 'takeChunk', () => (_node, yielded) => recordsIn(yielded))],
  },
  {
    name: 'what a source yielded stays its own',
    shape: 'hostile',
    changes: [
      inFunction(chunk, 'takeChunk', takeChunk => (node, yielded) => {
        const own = recordsIn(yielded)
        return takeChunk(node, yielded).map((record, i) => {
          const theirs = own[i]
          return record.kind === 'row' && theirs?.kind === 'row' ? { ...record, row: theirs.row } : record
        })
      }),
    ],
  },
  {
    name: 'resuming reads one record again',
    shape: 'linear-later-crashes',
    changes: [
      inConstructor(sourceReader, 'SourceReader', make => (of, ...rest) => {
        const { source } = of
        const read: typeof source.read = (from, context) =>
          source.read(from === null ? null : { ...from, records: from.records - 1 }, context)
        return make({ ...of, source: but(source, { read }) }, ...rest)
      }),
    ],
  },
  {
    name: 'files that were read before are not known to have been',
    shape: 'groups-files-crashes',
    changes: [
      inConstructor(
        sourceReader,
        'SourceReader',
        make =>
          (of, from, ...rest) =>
            make(of, from === null ? null : { ...from, files: [] }, ...rest),
      ),
    ],
  },
  {
    name: 'ends of files are recorded one commit late',
    shape: 'groups-files-crashes',
    changes: [
      inMethod(readFiles, 'ReadFiles', 'take', take => {
        let late: ReturnType<typeof take> = []
        return () => {
          const taken = late
          late = take()
          return taken
        }
      }),
    ],
  },
  {
    name: 'there is one attempt more than allowed',
    shape: 'linear',
    changes: [
      inFunction(
        retry,
        'afterError',
        afterError => (retryable, attempt, allowed, retry_after_ms) =>
          afterError(retryable, attempt, { ...allowed, attempts: allowed.attempts + 1 }, retry_after_ms),
      ),
    ],
  },
]

function recordsIn(yielded: unknown): readonly SourceRecord[] {
  // cast: whether it is that isn't looked at.
  return yielded as readonly SourceRecord[]
}
