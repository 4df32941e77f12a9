import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Plan } from '../plan/plan.ts'
import { builtins } from '../plugins/index.ts'
import { watchPlugins } from './strays.ts'

/** `own`: a plugin that isn't built in. */
function watched(own: boolean) {
  const reported: string[] = []
  const spec = own ? { kind: 'transform' } : builtins.find(({ kind }) => kind === 'transform')
  const nodes = [{ kind: 'transform', name: 'work', plugin: { spec } }]
  return {
    reported,
    strays: watchPlugins({ nodes } as unknown as Plan, what => reported.push(`after the run: ${what}`)),
  }
}

describe('while a run is on, only Custody ends the process', () => {
  const { exit } = process
  afterEach(() => {
    vi.useRealTimers()
    expect(process.exit).toBe(exit)
  })

  test('process.exit is reported with the node whose plugin called it, and ends nothing', () => {
    vi.useFakeTimers()
    const { strays, reported } = watched(true)
    const heard: unknown[] = []
    strays.listen((node, thrown) => heard.push([node, (thrown as Error).message]))
    expect(() => strays.within('work', () => process.exit(3))).toThrow('process.exit(3) was called')
    expect(heard).toEqual([['work', 'process.exit(3) was called, and only Custody ends a run']])
    strays.close()
    // What a plugin left behind may still call it.
    expect(() => strays.within('work', () => process.exit())).toThrow('was called')
    expect(reported).toEqual([
      'after the run: the plugin of `work` threw Error: process.exit() was called, and only Custody ends a run when nobody waited for it',
    ])
    vi.runAllTimers()
  })

  test('what came before the run listened is reported to it, and nothing is kept for ever', () => {
    const { strays, reported } = watched(false)
    expect(() => process.exit()).toThrow('was called')
    const heard: unknown[] = []
    const off = strays.listen((node, thrown) => heard.push([node, thrown instanceof Error]))
    expect(heard).toEqual([[null, true]])
    off()
    strays.close()
    expect(reported).toEqual([])
    expect(process.listeners('uncaughtException').map(({ name }) => name)).not.toContain('onStray')
  })
})
