/** `npm run docs`: brings NOTICE and the generated parts of docs/ up to date. With `--check` it only says which are not. */
import { writeFileSync } from 'node:fs'
import { notice } from './docs/notice.ts'
import { DOCS, pages } from './docs/pages.ts'

const [argument] = process.argv.slice(2)
if (argument !== undefined && argument !== '--check') {
  process.stderr.write(`There is no argument ${argument}, only --check.\n`)
  process.exitCode = 2
} else {
  const docs = pages().map(each => ({ ...each, path: `docs/${each.name}`, file: `${DOCS}${each.name}` }))
  const all = [...docs, { ...(await notice()), path: 'NOTICE' }]
  const stale = all.filter(({ text, wanted }) => text !== wanted)
  if (argument === undefined) for (const { file, wanted } of stale) writeFileSync(file, wanted)
  for (const { path } of stale)
    process.stdout.write(argument === undefined ? `wrote ${path}\n` : `${path} is not up to date\n`)
  if (stale.length === 0) process.stdout.write('docs/ and NOTICE are up to date\n')
  else if (argument === '--check') {
    process.stdout.write('Run `npm run docs`, and commit what it changes.\n')
    process.exitCode = 1
  }
}
