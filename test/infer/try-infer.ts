/** Files in a folder of their own, and what is inferred of them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { checkPipeline } from '../../src/host/compile.ts'
import type { Known } from '../../src/infer/format.ts'
import { type Inferred, inferPipeline } from '../../src/infer/infer.ts'
import type { Diagnostic } from '../../src/model/error.ts'
import type { Row } from '../../src/model/row.ts'
import type { SourceNode } from '../../src/plan/plan.ts'
import { compileRowSchema } from '../../src/sdk/schema-check.ts'
import { NOBODY_TO_ASK } from '../../src/sdk/source.ts'

export interface Tried extends Inferred {
  /** What `custody validate` says of it; warnings as well. */
  readonly diagnostics: readonly Diagnostic[]
  /** As its sources give them, by their options and schemas. */
  readonly rows: readonly Row[]
}

export class InferFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'custody-infer-'))

  put(name: string, content: string | Uint8Array): void {
    mkdirSync(dirname(join(this.path, name)), { recursive: true })
    writeFileSync(join(this.path, name), content)
  }

  infer(names: readonly string[], known: Known = {}): Promise<Inferred> {
    return inferPipeline({ names, cwd: this.path, folder: this.path, known, command: 'custody infer' })
  }

  /** The same, and what the pipeline file then is and reads. */
  async try(names: readonly string[], known: Known = {}): Promise<Tried> {
    const inferred = await this.infer(names, known)
    this.put('p.yaml', inferred.text)
    const { plan, diagnostics } = await checkPipeline({}, join(this.path, 'p.yaml'), [])
    const rows: Row[] = []
    for (const node of plan?.nodes ?? []) if (node.kind === 'source') rows.push(...(await this.#rowsOf(node)))
    return { ...inferred, diagnostics, rows }
  }

  async #rowsOf({ name, plugin, schema }: SourceNode): Promise<readonly Row[]> {
    const { spec, options } = plugin
    const source = await spec.create(options, { node: name, folder: this.path, input: schema, secrets: [] })
    const check = compileRowSchema(schema, { textual: spec.textual })
    const rows: Row[] = []
    try {
      await source.list?.(null)
      await source.begin?.()
      for await (const records of source.read(null, NOBODY_TO_ASK)) {
        for (const record of records) {
          const checked = record.kind === 'row' ? check(record.row) : null
          if (checked?.ok === true) rows.push(checked.row)
        }
      }
    } finally {
      await source.close()
    }
    return rows
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
