/** How many rows differ, and what was compared. */
import type { RunDiff } from '../../api/diff.ts'
import { Notice } from '../parts/states.tsx'
import { counted, countText, shareText } from '../parts/units.ts'

export function DiffFigures({ of: { rows, only, matched_by } }: { readonly of: RunDiff }) {
  const figures: ReadonlyArray<readonly [number, string, string]> = [
    [rows.compared, 'compared', ''],
    [rows.same, 'the same', 'tone-good'],
    [rows.different, 'differ', rows.different > 0 ? 'tone-open' : ''],
    [rows.only_old, 'only in the old run', ''],
    [rows.only_new, 'only in the new run', ''],
    ...(rows.unknown > 0 ? [[rows.unknown, 'can’t be compared: erased', ''] as const] : []),
  ]
  return (
    <>
      <dl className="diff-figures">
        {figures.map(([count, words, tone]) => (
          <div key={words} className={tone}>
            <dd>{countText(count)}</dd>
            <dt>{words}</dt>
          </div>
        ))}
      </dl>
      <p role="status" className={rows.different === 0 ? '' : 'spoken'}>
        {rows.different === 0
          ? `No row differs: ${counted(rows.compared, 'row')} took the same way, ended the same, and left the same data.`
          : `${counted(rows.different, 'row')} of ${countText(rows.compared)} differ, ${shareText(rows.different, rows.compared)}.`}
      </p>
      {matched_by === 'repeats' && (
        <p className="quiet small">
          Each row of a re-run is compared with the one that it repeats; the others were not run again.
        </p>
      )}
      {rows.compared === 0 && only.length > 0 && (
        <Notice tone="open" title="No row could be matched">
          <p>
            Nothing that is in one run is in the other by this match. Try fields that tell rows apart, such as an id.
          </p>
        </Notice>
      )}
    </>
  )
}
