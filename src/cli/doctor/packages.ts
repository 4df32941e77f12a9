/** What `custody doctor` finds of packages that only some plugins need: a line for all. */
import { missingPeers } from '../../model/peers.ts'
import { DATABASE_PACKAGES } from '../../plugins/databases/open.ts'
import { DOCUMENT_PACKAGES } from '../../plugins/documents/document.ts'
import { READER, WRITER } from '../../plugins/parquet/library.ts'
import { STORE_PACKAGES } from '../../plugins/stores/options.ts'
import type { Finding } from './findings.ts'

/** For people: what can't be used without its packages. */
const NEEDS: ReadonlyArray<readonly [what: string, packages: readonly string[]]> = [
  ['parquet sources', READER],
  ['parquet sinks', WRITER],
  ['the text of PDF files', DOCUMENT_PACKAGES.pdf],
  ['the text of Word documents', DOCUMENT_PACKAGES.docx],
  ['the text of HTML files', DOCUMENT_PACKAGES.html],
  ...Object.entries(DATABASE_PACKAGES),
  ...Object.entries(STORE_PACKAGES).map(([scheme, packages]) => [`${scheme}:// paths`, packages] as const),
]

/** Nothing is wrong without them: a pipeline that needs one is refused before it runs, with the same hint. */
export function packages(): Finding {
  const missing = NEEDS.flatMap(([what, names]) => {
    const found = missingPeers(names)
    return found === null ? [] : [{ what, names: found.names }]
  })
  const all = missingPeers([...new Set(missing.flatMap(({ names }) => names))])
  if (all === null)
    return { name: 'packages', state: 'ok', message: 'all that files, databases and stores need are installed' }
  const parts = missing.map(({ what, names }) => `${what} (${names.join(', ')})`)
  return {
    name: 'packages',
    state: 'ok',
    message: `not installed, and needed for these only: ${parts.join('; ')}`,
    hint: all.install,
  }
}
