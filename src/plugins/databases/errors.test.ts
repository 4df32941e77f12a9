/** What errors of libraries and servers mean, by what can be done about them. */
import { expect, test } from 'vitest'
import { DatabaseError } from './database-error.ts'
import { duckdbError } from './duckdb/errors.ts'
import { mysqlError } from './mysql/errors.ts'
import { postgresError } from './postgres/errors.ts'
import { sqliteError } from './sqlite/errors.ts'

const error = (more: object, message = 'said') => Object.assign(new Error(message), more)
const postgres = (code: string) => postgresError(error({ code, severity: 'ERROR' }), 'asking')
const mysql = (errno: number, sqlState = 'HY000') => mysqlError(error({ errno, sqlState, code: 'ER_X' }), 'asking')

test.each([
  ['57P03', 'unreachable'],
  ['53300', 'unreachable'],
  ['57P01', 'lost'],
  ['08006', 'lost'],
  ['40P01', 'conflict'],
  ['40001', 'conflict'],
  ['55P03', 'conflict'],
  ['28P01', 'login'],
  ['3D000', 'login'],
  ['42501', 'denied'],
  ['25006', 'denied'],
  ['42P01', 'missing'],
  ['23505', 'constraint'],
  ['22003', 'value'],
  ['53100', 'full'],
  ['57014', 'timeout'],
  ['42601', 'statement'],
])('PostgreSQL’s %s is %s', (state, kind) => {
  expect(postgres(state)).toMatchObject({ name: 'DatabaseError', kind, state, message: 'said' })
})

test.each([
  [1040, 'unreachable'],
  [1053, 'lost'],
  [1205, 'conflict'],
  [1213, 'conflict'],
  [1045, 'login'],
  [1049, 'login'],
  [1142, 'denied'],
  [1146, 'missing'],
  [1062, 'constraint'],
  [4025, 'constraint'],
  [1264, 'value'],
  [1406, 'value'],
  [1114, 'full'],
  [1969, 'timeout'],
  [1064, 'statement'],
])('MySQL’s %i is %s', (errno, kind) => {
  expect(mysql(errno)).toMatchObject({ kind, state: `${errno} (HY000)` })
})

test('what a trigger raises refuses its row', () => {
  expect(mysql(1644, '45000')).toMatchObject({ kind: 'constraint' })
})

test.each([
  [5, 'conflict'],
  [2067, 'constraint'],
  [13, 'full'],
  [8, 'denied'],
  [26, 'login'],
  [1, 'statement'],
])('SQLite’s %i is %s', (errcode, kind) => {
  expect(sqliteError(error({ errcode, code: 'ERR_SQLITE_ERROR' }))).toMatchObject({ kind, state: String(errcode) })
})

test.each([
  ['no such table: letters', 'missing'],
  ['near "SELEC": syntax error', 'statement'],
])('SQLite’s “%s” is %s', (message, kind) => {
  expect(sqliteError(error({ errcode: 1 }, message))).toMatchObject({ kind, message })
})

test.each([
  ['IO Error: Could not set lock on file "a": Conflicting lock is held', 'unreachable'],
  ['IO Error: The file "a" exists, but it is not a valid DuckDB database file!', 'login'],
  ['Catalog Error: Table with name letters does not exist!', 'missing'],
  ['Binder Error: Referenced column "x" not found in FROM clause!', 'missing'],
  ['Constraint Error: Duplicate key "id: 1" violates primary key constraint', 'constraint'],
  ['Conversion Error: Could not convert string "x" to INT32', 'value'],
  ['Parser Error: syntax error at or near "SELEC"', 'statement'],
  ['INTERRUPT Error: Interrupted!', 'lost'],
])('DuckDB’s “%s” is %s', (message, kind) => {
  expect(duckdbError(error({}, message))).toMatchObject({ kind, message })
})

test.each([
  ['asking', 'lost'],
  ['connecting', 'unreachable'],
] as const)('what is cut while %s is %s, and says what to look at', (doing, kind) => {
  const cut = error({ code: 'ECONNRESET' })
  for (const found of [postgresError(cut, doing), mysqlError(cut, doing)])
    expect(found).toMatchObject({ kind, hint: expect.stringMatching(/^Check that the server runs/) })
  const own = new DatabaseError('lost', 'silent', { hint: 'Look there.' })
  expect(postgresError(own, doing)).toMatchObject({ kind, message: 'silent', hint: 'Look there.' })
})

test('a certificate that doesn’t hold is said to be one', () => {
  const wrong = error({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  for (const found of [postgresError(wrong, 'connecting'), mysqlError(wrong, 'connecting')])
    expect(found).toMatchObject({ kind: 'tls', hint: expect.stringMatching(/certificate by an authority/) })
})

test('versions of TLS that don’t meet are no matter of certificates', () => {
  const old = error({ code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' })
  const wrapped = error(
    { code: 'HANDSHAKE_SSL_ERROR' },
    'C0:error:0A00042E:SSL routines:f:alert protocol version:f.c:9:',
  )
  for (const found of [
    postgresError(old, 'connecting'),
    mysqlError(old, 'connecting'),
    mysqlError(wrapped, 'connecting'),
  ])
    expect(found).toMatchObject({ kind: 'tls', hint: 'The server must speak TLS 1.2 or newer, as Node does.' })
})

test('a server that refuses this side’s certificate is told from one that can’t show its own', () => {
  const refused = error({ code: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA' })
  for (const found of [postgresError(refused, 'connecting'), mysqlError(refused, 'connecting')])
    expect(found).toMatchObject({ kind: 'tls', hint: expect.stringMatching(/^The server refuses the certificate/) })
  const demanded = error({ code: '28000', severity: 'FATAL' }, 'connection requires a valid client certificate')
  expect(postgresError(demanded, 'connecting')).toMatchObject({
    kind: 'tls',
    hint: expect.stringMatching(/cert: FILE/),
  })
})

test('a server that takes nobody without TLS has it switched on, whatever the number of its error', () => {
  const said = 'Connections using insecure transport are prohibited while --require_secure_transport=ON.'
  for (const errno of [3159, 4158])
    expect(mysqlError(error({ errno, sqlState: 'HY000', code: 'ER_X' }, said), 'connecting')).toMatchObject({
      ...{ kind: 'tls', message: said, hint: expect.stringMatching(/takes nobody without TLS: write `tls: verify`/) },
    })
})

test.each([
  ['ENOENT', 'login'],
  ['EACCES', 'denied'],
])('a file that is %s is %s', (code, kind) => {
  expect([sqliteError(error({ code })).kind, duckdbError(error({ code })).kind]).toEqual([kind, kind])
})
