import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compilePipeline } from '../../src/host/compile.ts'
import { Random } from '../simulation/random.ts'
import { keyOf } from './far-side.ts'
import { HostRuns } from './host-runs.ts'
import { randomHostsPipeline } from './random-hosts-pipeline.ts'

test('random pipelines for several machines can begin', async () => {
  const host = new HostRuns()
  try {
    for (let seed = 1; seed <= 40; seed++) {
      const { yaml, files } = randomHostsPipeline(new Random(seed), 'http://127.0.0.1:1')
      for (const [path, text] of Object.entries({ 'p.yaml': yaml, ...files }))
        writeFileSync(join(host.folder, path), text)
      const plan = await compilePipeline(
        { ASKED_BY: keyOf('nobody') },
        join(host.folder, 'p.yaml'),
        [],
        () => undefined,
      )
      expect(plan.splits?.count).toBeGreaterThan(1)
    }
  } finally {
    host.close()
  }
})
