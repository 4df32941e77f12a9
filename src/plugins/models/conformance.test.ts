import { test } from 'vitest'
import { testPlugin } from '../../sdk/testing.ts'
import { models } from './index.ts'

for (const model of models) testPlugin(test, model)
