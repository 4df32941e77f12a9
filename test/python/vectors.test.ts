/** The vectors of test/vectors, as the verifier in Python judges them: by a test of its own, which comes along with it. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { NO_PYTHON } from './python.ts'

const ROOT = join(import.meta.dirname, '..', '..')

test.skipIf(NO_PYTHON !== null)(
  `a verifier in Python takes and refuses what it should${NO_PYTHON === null ? '' : ` (skipped: ${NO_PYTHON})`}`,
  () => {
    const { status, stderr } = spawnSync('python3', ['test_vectors.py', join(ROOT, 'test', 'vectors')], {
      cwd: join(ROOT, 'verifiers', 'python'),
      encoding: 'utf8',
    })
    expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringContaining('OK') })
  },
)
