import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const MODULE = new URL('./young-generation.ts', import.meta.url).href
/** Grows the young generation until it is to be stopped, gives it time to be, and goes on. Tells its largest size then. */
const churn = (bound: boolean) => `
import { getHeapSpaceStatistics } from 'node:v8'
import { setTimeout } from 'node:timers/promises'
import { boundYoungGeneration } from '${MODULE}'
const size = () => getHeapSpaceStatistics().find(each => each.space_name === 'new_space').space_size
let kept
const work = () => { kept = Array.from({ length: 50_000 }, (_, i) => ({ i })) }
if (${bound}) boundYoungGeneration()
while (size() < 16 * 1024 * 1024) work()
await setTimeout(300)
let largest = 0
for (let i = 0; i < 600; i++) {
  work()
  largest = Math.max(largest, size())
}
console.log(largest)
`

function largest(bound: boolean): number {
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', churn(bound)], { encoding: 'utf8' }))
}

test('the young generation doubles once at most when it has grown enough', () => {
  expect(largest(true)).toBeLessThanOrEqual(32 * 1024 * 1024)
  expect(largest(false)).toBeGreaterThan(32 * 1024 * 1024)
})
