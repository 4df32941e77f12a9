/** `npm run docs`: brings the generated parts of docs/ up to date. With `--check` it only says which are not. */
import { writeFileSync } from 'node:fs'
import { DOCS, pages } from './docs/pages.ts'

const [argument] = process.argv.slice(2)
if (argument !== undefined && argument !== '--check') {
  process.stderr.write(`There is no argument ${argument}, only --check.\n`)
  process.exitCode = 2
} else {
  const stale = pages().filter(({ text, wanted }) => text !== wanted)
  if (argument === undefined) for (const { name, wanted } of stale) writeFileSync(`${DOCS}${name}`, wanted)
  for (const { name } of stale)
    process.stdout.write(argument === undefined ? `wrote docs/${name}\n` : `docs/${name} is not up to date\n`)
  if (stale.length === 0) process.stdout.write('docs/ is up to date\n')
  else if (argument === '--check') {
    process.stdout.write('Run `npm run docs`, and commit what it changes.\n')
    process.exitCode = 1
  }
}
