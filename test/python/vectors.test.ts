/** The vectors of test/vectors, as the verifier in Python judges them, by a test of its own, which comes along with it; and what its exit codes say. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { EvidenceVector } from '../vectors/evidence.ts'
import { NO_PYTHON, pythonFolder } from './python.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const VERIFIER = join(ROOT, 'verifiers', 'python')
const { folder, keys } = pythonFolder()

test.skipIf(NO_PYTHON !== null)(
  `a verifier in Python takes and refuses what it should${NO_PYTHON === null ? '' : ` (skipped: ${NO_PYTHON})`}`,
  () => {
    const { status, stderr } = spawnSync('python3', ['test_vectors.py', join(ROOT, 'test', 'vectors')], {
      cwd: VERIFIER,
      encoding: 'utf8',
    })
    expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringContaining('OK') })
  },
)

/** As if it had a defect where proofs are checked. */
const DEFECTIVE = `import sys, check
def defect(*_): raise KeyError("no such thing")
check.check_proof = defect
sys.exit(check.main(sys.argv[1:]))`

test.skipIf(NO_PYTHON !== null)(
  'a defect of its own is no verdict, and other files are still checked',
  { tags: ['proof'] },
  () => {
    // cast: test/vectors.test.ts says that the file is what the script makes.
    const vectors = JSON.parse(readFileSync(join(ROOT, 'test', 'vectors', 'evidence.json'), 'utf8')) as EvidenceVector[]
    const [proof, record] = ['row', 'record'].map(kind => vectors.find(each => each.kind === kind)?.file ?? '')
    writeFileSync(keys, `${vectors[0]?.keys[0]}\n`)
    writeFileSync(join(folder, 'proof.json'), proof ?? '')
    writeFileSync(join(folder, 'record.gz'), gzipSync(record ?? ''))
    const words = [join(folder, 'proof.json'), join(folder, 'record.gz'), '--key', keys]
    const { status, stdout, stderr } = spawnSync('python3', ['-c', DEFECTIVE, ...words], {
      cwd: VERIFIER,
      encoding: 'utf8',
    })
    expect(status).toBe(2)
    expect(stderr).toMatch(
      /^.*proof\.json wasn't checked, as this verifier has a defect \(KeyError.*please report it.*\n$/,
    )
    expect(stdout).toContain('holds, by test+')
    const whole = spawnSync('python3', ['check.py', ...words.slice(0, 1), '--source', `letters=${keys}`], {
      cwd: VERIFIER,
    })
    expect(whole.status).toBe(2)
  },
)
