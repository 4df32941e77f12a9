import { test } from 'vitest'
import { testPlugin } from '../../sdk/testing.ts'
import { aggregates } from './index.ts'

for (const aggregate of aggregates) testPlugin(test, aggregate)
