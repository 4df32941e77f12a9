import { test } from 'vitest'
import { testPlugin } from '../../sdk/testing.ts'
import { transforms } from './index.ts'

for (const transform of transforms) testPlugin(test, transform)
