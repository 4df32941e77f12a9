/** A ledger key that somebody wrote into a pipeline file by mistake is refused wherever it stands, and shown by nobody. */
import { expect, test } from 'vitest'
import { parsePipeline } from '../src/config/load.ts'
import { ledgerKeyOf, ledgerKeyText } from '../src/ledger/encryption/ledger-key.ts'
import { LEDGER_KEY_MARK, withoutLedgerKeys } from '../src/model/ledger-key-text.ts'

const KEY = ledgerKeyOf(Buffer.alloc(32, 7))
const LINE = ledgerKeyText(KEY)
const BARE = LINE.slice(-44)

test('nothing of a key is left in a text but its id', () => {
  const stars = '*'.repeat(44)
  expect(withoutLedgerKeys(`a ${LINE} b "${BARE}"`)).toBe(`a ${LEDGER_KEY_MARK}+${KEY.id}+${stars} b "${stars}"`)
})

const pipeline = (ledger: string) => `name: x
sources: { a: { plugin: csv, options: { path: a.csv }, to: b } }
sinks: { b: { plugin: csv, options: { path: b.csv } } }
defaults: { on_error: discard, on_invalid: discard }
ledger: ${ledger}
`

test.each([
  ['in the place of its place', `{ encryption: { key: "${LINE}" } }`],
  ['as the path of its file', `{ encryption: { key: { file: "${LINE}" } } }`],
  ['without its mark', `{ encryption: { key: { file: "${BARE}" } } }`],
  ['without its mark, in the place of its place', `{ encryption: { key: "${BARE}" } }`],
  ['as the name of a secret', `{ encryption: { key: { secret: "${LINE}" } } }`],
  ['as the URL', `{ url: "${LINE}" }`],
  ['as a name', `{ encryption: { "${LINE}": 1 } }`],
  ['in a comment', `{} # ${LINE}`],
])('a key %s is refused, and not shown', (_, ledger) => {
  const { diagnostics } = parsePipeline(pipeline(ledger), { file: 'p.yaml', folder: '/', env: {} })
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  expect(new Set(errors.map(({ line }) => line))).toEqual(new Set([5]))
  expect(JSON.stringify(diagnostics)).not.toContain(BARE)
})

test('a key in --set is refused, and not shown', () => {
  const overrides = [`ledger.encryption.key.file=${LINE}`, `ledger.encryption.key.file=${BARE}`]
  for (const override of overrides) {
    const { diagnostics } = parsePipeline(pipeline('{}'), {
      file: 'p.yaml',
      folder: '/',
      env: {},
      overrides: [override],
    })
    expect(diagnostics.some(({ severity, file }) => severity === 'error' && file === '--set')).toBe(true)
    expect(JSON.stringify(diagnostics)).not.toContain(BARE)
  }
})
