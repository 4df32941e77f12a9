/** For tests of commands: a folder with files, the packages of the checkout, and a user's configuration of its own. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { ProgramResult } from './built-cli.ts'
import { runInProcess } from './in-process.ts'
import { ROOT } from './source-file.ts'

export class WorkFolder {
  readonly folder = mkdtempSync(join(tmpdir(), 'custody-work-'))
  env: { readonly XDG_CONFIG_HOME: string; readonly [name: string]: string } = {
    XDG_CONFIG_HOME: join(this.folder, 'home'),
  }

  /** `files`: texts by name; the pipeline is `p.yaml`. */
  constructor(files: { readonly [name: string]: string }) {
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.folder, name), text)
  }

  /** Within this process. `json` is what was printed, where that was asked for. */
  async custody(...argv: string[]) {
    const result: ProgramResult = await runInProcess(argv, this.folder, this.env)
    return { ...result, json: argv.includes('--json') ? JSON.parse(result.stdout) : null }
  }

  /** The same as another user, who has a configuration of their own. */
  async custodyAs(user: string, ...argv: string[]) {
    const env = { ...this.env, XDG_CONFIG_HOME: join(this.folder, `home-${user}`) }
    const result: ProgramResult = await runInProcess(argv, this.folder, env)
    return { ...result, json: argv.includes('--json') ? JSON.parse(result.stdout) : null }
  }

  /** Runs `p.yaml`, and returns the run's id. */
  async run(...argv: string[]): Promise<string> {
    const { json, exit, stderr } = await this.custody('run', 'p.yaml', '--json', ...argv)
    expect(exit, stderr).toBe(0)
    return json.run
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
