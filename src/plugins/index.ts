/** All built-in plugins. */
import type { PluginSpec } from '../sdk/spec.ts'
import { aggregates } from './aggregates/index.ts'
import { models } from './models/index.ts'
import { sinks } from './sinks/index.ts'
import { sources } from './sources/index.ts'
import { transforms } from './transforms/index.ts'

export const builtins: readonly PluginSpec[] = [...sources, ...transforms, ...models, ...aggregates, ...sinks]
