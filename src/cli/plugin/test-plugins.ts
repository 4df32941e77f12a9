/** Runs the conformance kit on the plugins of a module, and reports what it finds. */
import { existsSync } from 'node:fs'
import { isAbsolute, relative, resolve } from 'node:path'
import { installedIn } from '../../host/plugins/find-plugin.ts'
import { loadPlugin } from '../../host/plugins/load.ts'
import type { PluginSpec } from '../../sdk/spec.ts'
import { Findings, Problems } from '../../sdk/testing/problems.ts'
import { type ConformanceReport, conformance, reportOf } from '../../sdk/testing.ts'
import type { Context } from '../context.ts'
import { conformanceJson, conformanceText, conformsText } from '../render/conformance.ts'

export interface Tested {
  readonly spec: PluginSpec
  readonly report: ConformanceReport
}

/** Returns the exit code. @throws CustodyError CUSTODY_PLUGIN_LOAD. */
export async function testPlugins(
  { cwd, terminal }: Context,
  module: string,
  { timeout, json }: { readonly timeout: number; readonly json?: boolean },
): Promise<0 | 1> {
  const specs = await loadPlugin(sourceOf(module, cwd), cwd)
  const tested: Tested[] = []
  for (const spec of specs) {
    const each = { spec, report: await within(timeout, spec) }
    tested.push(each)
    if (json !== true) terminal.answer(`${conformanceText(each, cwd, terminal)}\n`)
  }
  if (json === true) terminal.answerJson(conformanceJson(module, tested))
  else terminal.answer(conformsText(tested, terminal))
  return tested.every(({ report }) => report.checks.every(({ problems }) => problems.length === 0)) ? 0 : 1
}

/** What is a file or a folder here is that, unless a package of that name is installed; all else is the name of a package. */
function sourceOf(module: string, cwd: string): string {
  const path = resolve(cwd, module)
  if (!existsSync(path) && !/\.[cm]?[jt]s$/.test(module)) return module
  if (!/^[./\\]/.test(module) && installedIn(module, cwd) !== null) return module
  const near = relative(cwd, path).replaceAll('\\', '/')
  return isAbsolute(near) || near.startsWith('..') ? near : `./${near}`
}

/** The report so far, with a problem, if the plugin leaves its checks waiting. */
async function within(seconds: number, spec: PluginSpec): Promise<ConformanceReport> {
  const findings = new Findings()
  const { promise: late, resolve: end } = Promise.withResolvers<ConformanceReport>()
  const timer = setTimeout(() => {
    new Problems(findings, [...findings.begun].at(-1) ?? 'spec', null).add(
      `it hasn’t answered within ${seconds} s; checks behind this one were not made`,
    )
    end(reportOf(spec, findings))
  }, seconds * 1000)
  try {
    return await Promise.race([conformance(spec, [], findings), late])
  } finally {
    clearTimeout(timer)
  }
}
