/** Of runs whose results may depend on what came first: what holds all the same, and that a replay comes to the same. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { LedgerReader, ViewName } from '../../src/ledger/read-port.ts'
import { reading } from './hosts-at-work.ts'
import type { HostsStage } from './hosts-stage.ts'

interface Shown {
  readonly run: string
  readonly result_digest: string
  readonly rows: { readonly read: number; readonly ingested: number; readonly rejected: number }
  readonly tokens: { readonly born: number; readonly ended: number; readonly open: number }
}

type Lines = ReadonlyArray<Record<string, unknown>>

/** The newest run, which is sealed, had so many records to read. */
export async function isWhole(stage: HostsStage, records: number): Promise<void> {
  const { run, rows, tokens } = await shown(stage)
  expect(await stage.problems()).toEqual([])
  expect(readdirSync(join(stage.folder, 'pieces'))).toEqual([])
  expect(rows.read).toBe(records)
  expect(rows.ingested + rows.rejected).toBe(records)
  expect(tokens).toEqual({ born: tokens.ended, ended: tokens.born, open: 0 })
  await reading(stage, async reader => {
    const born = await linesOf(reader, 'tokens', run)
    const ended = (await linesOf(reader, 'token_outcomes', run)).filter(each => Number(each.is_terminal) === 1)
    // I1: as many as there are, and none twice.
    expect(ended.map(idOf).toSorted(ascending)).toEqual(born.map(idOf).toSorted(ascending))
    expect(new Set(born.map(idOf)).size).toBe(tokens.born)
    // I4
    for (const { group_id, kind, expected } of await linesOf(reader, 'groups', run))
      if (kind === 'fork') expect(born.filter(each => each.group_id === group_id).length).toBe(Number(expected))
    for (const { sink, rows: written } of await linesOf(reader, 'artifacts', run))
      expect(ended.filter(each => each.sink === sink).length, String(sink)).toBe(Number(written))
  })
}

/** Nothing is asked, all outcomes and outputs are the same. */
export async function isReplayed(stage: HostsStage): Promise<void> {
  const { run, result_digest } = await shown(stage)
  const words = ['replay', 'p.yaml', '--from', run, '--outputs', 'again', '--json']
  const again = JSON.parse(await stage.done('other', words)) as Shown
  expect(await stage.done('other', ['diff', run, again.run])).toContain('no row differs')
  expect(again.result_digest).toBe(result_digest)
  const out = join(stage.folder, 'again')
  const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter(each => each.isFile())
  const written = files.map(({ name, parentPath }) => [name, readFileSync(join(parentPath, name), 'utf8')])
  expect(Object.fromEntries(written)).toEqual(stage.outputs())
}

const shown = async (stage: HostsStage): Promise<Shown> =>
  JSON.parse(await stage.done('other', ['show', 'latest', '--json']))

async function linesOf(reader: LedgerReader, view: ViewName, run: string): Promise<Lines> {
  const lines: Record<string, unknown>[] = []
  for await (const line of reader.view(view, run)) lines.push(line)
  return lines
}

const idOf = ({ token_id }: Record<string, unknown>) => Number(token_id)
const ascending = (a: number, b: number) => a - b
