/** A process that erases a row and ends itself at a named point. Its arguments: the ledger's URL, the row, the point. */
import { eraseRows } from '../../src/host/erase.ts'

const [url = '', row = '', point = ''] = process.argv.slice(2)
await eraseRows(
  { url, run: 'latest', chosen: { kind: 'rows', rows: [Number(row)] }, derived: true, confirm: null },
  {
    env: process.env,
    onForgetful: () => undefined,
    wait_ms: 1_000,
    atPoint: at => {
      if (at === point) process.kill(process.pid, 'SIGKILL')
    },
  },
)
