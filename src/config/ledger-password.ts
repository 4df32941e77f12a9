/** A password in the URL of a ledger: the file is recorded, and it with that, whatever the environment brings instead. */
import type { Problems } from './problems.ts'
import { type Tree, treeAt } from './tree.ts'
import { asWritten } from './variables.ts'

/** `root`: of the file, before variables are expanded. Problems: CUSTODY_LEDGER_URL, a warning. */
export function warnOfPassword(root: Tree, problems: Problems): void {
  const url = treeAt(root, ['ledger', 'url'])
  if (url?.kind !== 'scalar' || typeof url.value !== 'string' || !hasPassword(asWritten(url.value))) return
  problems.warning(
    'CUSTODY_LEDGER_URL',
    url.at,
    'the ledger’s URL has a password, which is recorded with the file',
    'leave it out and set $PGPASSWORD, or write url: { secret: NAME } and put the whole URL there',
  )
}

function hasPassword(url: string): boolean {
  const place = URL.canParse(url) ? new URL(url) : null
  return place !== null && (place.password !== '' || /[?&]sslpassword=[^&#]+/.test(place.search))
}
