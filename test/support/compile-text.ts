/** Loads and compiles a pipeline's text with stub plugins; all diagnostics together, in order. */
import { parsePipeline } from '../../src/config/load.ts'
import { inOrder } from '../../src/config/problems.ts'
import type { Diagnostic } from '../../src/model/error.ts'
import { type CompiledPlan, compilePlan } from '../../src/plan/compile.ts'
import type { Secrets } from '../../src/plan/secrets.ts'
import type { Catalogue } from '../../src/sdk/catalogue.ts'
import { filesIn } from '../../src/sdk/option-files.ts'
import { fromEnvironment } from '../../src/secrets/environment.ts'
import { testCatalogue } from './stub-plugins.ts'

export const ENV = {
  HOME: '/home/x',
  EMPTY: '',
  N: '7',
  API_KEY: 'hunter2-hunter2',
  DB_PASSWORD: 'hunter3-hunter3',
} as const

export const SECRETS: Secrets = {
  secrets: name => fromEnvironment(name, ENV),
  fingerprint: value => `fp:${value.length}`,
}

export interface CompiledText {
  readonly plan: CompiledPlan['plan']
  readonly graph: CompiledPlan['graph'] | null
  readonly diagnostics: readonly Diagnostic[]
}

export function compileText(
  text: string,
  { overrides = [], catalogue = testCatalogue() }: { overrides?: readonly string[]; catalogue?: Catalogue } = {},
): CompiledText {
  const loaded = parsePipeline(text, { file: 'p.yaml', folder: '/pipelines', env: ENV, overrides })
  if (loaded.pipeline === null) return { plan: null, graph: null, diagnostics: loaded.diagnostics }
  const compiled = compilePlan(loaded.pipeline, catalogue, SECRETS, filesIn(loaded.pipeline.folder))
  return { ...compiled, diagnostics: [...loaded.diagnostics, ...compiled.diagnostics].sort(inOrder) }
}

/** `3:5 CUSTODY_X` of each diagnostic: for short expectations. Warnings have a `?` before their code. */
export function brief(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ file, line, column, severity, code }) => {
    const where = file === 'p.yaml' ? '' : `${file} `
    return `${where}${line}:${column} ${severity === 'warning' ? '?' : ''}${code.replace('CUSTODY_', '')}`
  })
}
