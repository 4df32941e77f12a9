import { readFileSync, statfsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// Many files start processes: what Node compiles for one of them is kept for all.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules', '.cache', 'compiled')

/** Where syncing costs nothing. Most tests write a ledger: on a disk, a fifth of their time would be spent waiting for it. */
const MEMORY = '/dev/shm'
const ROOM_BYTES = 2 ** 31
if (process.platform === 'linux' && isFit(MEMORY)) process.env.TMPDIR ??= MEMORY

/** Programs of tests are started there, and large files written. */
function isFit(folder: string): boolean {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n')
  const options = mounts.map(each => each.split(' ')).find(([, at]) => at === folder)?.[3]
  if (options === undefined || options.split(',').includes('noexec')) return false
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize > ROOM_BYTES
}

/** No test depends on how fast a machine is: this only ends one that hangs. Long forms take minutes even where nothing else runs. */
const HANGING_MS = process.env.CUSTODY_PROOFS === undefined ? 600_000 : 3_600_000
const PROCESSES = ['test/{cli,crash,calls,explorer}/**/*.test.ts', 'test/{package,installed}.test.ts']
/** Test files leave nothing behind: to load all that they use anew for each of them would be a fifth of the work. */
const isolate = false
/** Started when a test asks for it. */
const SERVER = 'test/support/postgres-server.ts'
/** More than there are processors: about a third of the tests' time they wait for processes, servers, leases and pages. */
const WORKERS = Math.ceil(availableParallelism() * 1.5)
/** `npm test` leaves these out. */
const PROOF = {
  name: 'proof',
  description: 'Takes long for what it finds beyond other tests: `npm run proofs` runs it, or `npm run postgres`',
}

/** Small files whose long forms take many minutes, the longest first. */
const LONGEST = [
  'test/proofs-simulated.test.ts',
  'test/simulation/crashes.test.ts',
  'test/simulation/simulation.test.ts',
]

/** In the order of projects' names, and large files first; but none of the longest ones is left for the end, when nothing else keeps the other workers busy. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = LONGEST.findIndex(each => moduleId.endsWith(each))
      return found === -1 ? LONGEST.length : found
    }
    return (await super.sort(files)).sort((a, b) => place(a) - place(b))
  }
}

const shared = { isolate, restoreMocks: true, testTimeout: HANGING_MS, hookTimeout: HANGING_MS, tags: [PROOF] }

export default defineConfig({
  test: {
    maxWorkers: WORKERS,
    // Node loads the sources itself, as it does in programs: it is faster than Vite's own loader, and compiled code is kept.
    experimental: { viteModuleRunner: false },
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        // The program as it is shipped, and programs of tests, bundled once and then started like any other.
        test: { ...shared, name: 'built', include: PROCESSES, globalSetup: ['test/support/build.ts', SERVER] },
      },
      {
        test: {
          ...shared,
          name: 'code',
          globalSetup: [SERVER],
          include: ['{src,test}/**/*.test.ts'],
          exclude: [...PROCESSES, '**/node_modules/**'],
        },
      },
    ],
  },
})
