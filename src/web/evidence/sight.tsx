/** How the ledger stands to what this user saw of it before: like the known hosts of ssh, remembered outside of it. */
import type { Evidence } from '../../api/evidence.ts'
import { Notice } from '../parts/states.tsx'
import { counted, countText } from '../parts/units.ts'

export function SightNotice({ of: { kind, seen, now } }: { readonly of: Evidence['sight'] }) {
  const [before, size] = [countText(seen ?? 0), countText(now ?? 0)]
  switch (kind) {
    case 'first':
      return (
        <Notice tone="accent" title="Seen for the first time on this machine">
          <p>There is no older head to compare it with. From now on its head is remembered outside the ledger.</p>
        </Notice>
      )
    case 'same':
      return (
        <Notice title="As it was seen before">
          <p>
            Its head is the one that was remembered on the server’s machine: {counted(now ?? 0, 'entry', 'entries')}.
          </p>
        </Notice>
      )
    case 'newer':
      return (
        <Notice title="It extends what was seen before">
          <p>
            {before} entries were seen on the server’s machine; there are {size} now, and the log was checked to begin
            with those.
          </p>
        </Notice>
      )
    case 'older':
      return (
        <Notice tone="open" title="It is older than what was seen before">
          <p>
            {before} entries were seen on the server’s machine, and there are only {size} here: a backup that was put
            back, or a rollback. It is readable, and nothing can be written to it.
          </p>
        </Notice>
      )
    case 'forked':
      return (
        <Notice tone="bad" title="It is another history than the one that was seen before">
          <p>
            Its log doesn’t lead to the head that was remembered on the server’s machine. Somebody wrote another one in
            its place: nothing of it can be relied on.
          </p>
        </Notice>
      )
    case 'unsound':
      return (
        <Notice tone="bad" title="Its own log doesn’t hold">
          <p>So it can’t be compared with what was seen before, and nothing of it can be relied on.</p>
        </Notice>
      )
  }
}
