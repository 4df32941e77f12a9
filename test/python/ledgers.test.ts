/** Whole ledgers, as a second implementation reads them: honest ones hold, and whatever somebody changes without the key doesn't. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { CALL_STATUSES } from '../../src/format/entry.ts'
import { generateModel } from '../simulation/generate.ts'
import { Random } from '../simulation/random.ts'
import { SHAPES } from '../simulation/shapes.ts'
import { randomEdit } from '../support/cell-edits.ts'
import { Forger } from '../support/forger.ts'
import { LONG } from '../support/form.ts'
import { testPorts } from '../support/ledger.ts'
import { RICH, runModel } from '../support/simulated-ledger.ts'
import { WorkFolder } from '../support/work-folder.ts'
import { askPython, NO_PYTHON, pythonFolder } from './python.ts'

const EDITS = LONG ? 200 : 6
/** Every so many of the simulation's shapes are taken. */
const STEP = LONG ? 1 : 6
/** Of leases the page says that they are no evidence. */
const NO_EVIDENCE = /\bleases\b/

const { folder, keys } = pythonFolder(testPorts().signer.verifier_key)

const asking = (port: number) => `
name: asking
defaults: { on_error: problems, on_invalid: problems }
sources:
  ids: { plugin: csv, options: { path: in.csv }, schema: { mode: fixed, fields: { id: integer } }, to: ask }
nodes:
  ask:
    transform: http
    options: { url: 'http://127.0.0.1:${port}/{{ row.id }}', allow: ['127.0.0.1'], field: answer }
    to: known
sinks:
  known:
    plugin: sqlite
    options: { path: out.db, table: known, mode: insert, key: [id], columns: [id], create: if_missing }
  problems: { plugin: jsonl, options: { path: problems.jsonl, if_exists: replace }, on_error: discard }
`

describe.skipIf(NO_PYTHON !== null)(
  `a verifier in Python${NO_PYTHON === null ? '' : ` (skipped: ${NO_PYTHON})`}`,
  () => {
    test('takes honest ledgers of all shapes', async () => {
      const files: string[] = []
      for (const [i, [name, shape]] of Object.entries(SHAPES).entries()) {
        if (i % STEP !== 0) continue
        const file = join(folder, `${name}.db`)
        await runModel(`sqlite:${file}`, generateModel(new Random(1), { ...shape, crashes: false }), 1)
        files.push(file)
      }
      const answers = askPython(files, keys)
      const wrong = answers.map((each, i) => ({ file: files[i], ...each })).filter(each => !each.ok)
      expect(wrong).toEqual([])
    })

    test('takes calls whatever came from them: answers, errors, requests to wait, refusals, and each of these from the record', {
      tags: ['proof'],
    }, async () => {
      let asked = 0
      const server = createServer((request, response) => {
        const status = ++asked === 2 ? 429 : request.url === '/3' ? 404 : 200
        response.writeHead(status, { 'content-type': 'application/json', 'retry-after': '0' }).end('{"score":1}')
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const work = new WorkFolder({ 'in.csv': 'id\n1\n2\n3\n1\n', 'p.yaml': asking(port) })
      try {
        await work.run()
        server.close()
        await work.custody('replay', 'p.yaml', '--from', 'latest')
        const keys_file = join(work.folder, 'keys')
        writeFileSync(keys_file, (await work.custody('key', 'show')).stdout)
        const db = new DatabaseSync(join(work.folder, 'custody.db'), { readOnly: true })
        const statuses = db.prepare('SELECT DISTINCT status FROM calls').all()
        db.close()
        expect(new Set(statuses.map(({ status }) => status))).toEqual(new Set(CALL_STATUSES))
        expect(askPython([join(work.folder, 'custody.db')], keys_file)).toMatchObject([{ ok: true }])
      } finally {
        server.close()
        work.close()
      }
    })

    test(`refuses ${EDITS} of ${EDITS} ledgers of which something was changed`, { tags: ['proof'] }, async () => {
      const forger = await Forger.of(async url => {
        await runModel(url, RICH, 1)
        await runModel(url, RICH, 2, { after_us: 30_000, next: 'nothing' })
      })
      const copies: Forger[] = []
      const edits: string[] = []
      try {
        for (let seed = 1; copies.length < EDITS; seed++) {
          const copy = forger.copy()
          const { what, apply } = randomEdit(copy.db, new Random(seed))
          let done = false
          copy.change(() => {
            done = apply()
          })
          if (!done || NO_EVIDENCE.test(what)) copy.close()
          else {
            copies.push(copy)
            edits.push(`seed ${seed}: ${what}`)
          }
        }
        const answers = askPython(
          copies.map(each => each.url.slice('sqlite:'.length)),
          keys,
        )
        expect(edits.filter((_, i) => answers[i]?.ok !== false)).toEqual([])
      } finally {
        for (const each of [...copies, forger]) each.close()
      }
    })
  },
)
