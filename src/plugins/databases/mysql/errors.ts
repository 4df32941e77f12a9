/** What errors of MySQL and MariaDB mean (https://mariadb.com/docs/server/reference/error-codes). */
import {
  DatabaseError,
  type DatabaseErrorKind,
  messageOf,
  metWhile,
  networkError,
  UNCIPHERED,
} from '../database-error.ts'

const KINDS: ReadonlyArray<readonly [numbers: readonly number[], DatabaseErrorKind]> = [
  // Too many connections, of all or of this user; a server that ends.
  [[1040, 1203, 1226], 'unreachable'],
  [[1053, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2006, 2013], 'lost'],
  [[1205, 1213, 1020, 3572, 4025], 'conflict'],
  [[1044, 1045, 1049, 1130, 1251, 1698, 1820, 1862, 3118], 'login'],
  [[1142, 1143, 1227, 1290, 1370, 1410, 1792, 1836], 'denied'],
  [[1051, 1054, 1146, 1305, 1109, 4161], 'missing'],
  [[1022, 1048, 1062, 1169, 1216, 1217, 1451, 1452, 1557, 1586, 1364, 3819, 4025], 'constraint'],
  [[1264, 1265, 1292, 1366, 1367, 1406, 1411, 1416, 1441, 1690, 3140, 3156, 1365, 4078], 'value'],
  [[1021, 1114, 1041, 1037, 1038], 'full'],
  [[1969, 3024, 1317], 'timeout'],
]

/** MariaDB's CHECK constraints have a number that MySQL has for something else. */
const CHECK = 4025

/** Of a server with require_secure_transport. Its number is 3159 in MySQL; above 3000 numbers mean something else in the other one. */
const INSECURE = /insecure transport/i

/** Of `mysql2`. */
const LOST = /^(?:PROTOCOL_CONNECTION_LOST|PROTOCOL_ENQUEUE_AFTER|PROTOCOL_SEQUENCE_TIMEOUT|ER_SERVER_SHUTDOWN)/
const NO_TLS = /Server does not support secure connection/i

export function mysqlError(error: unknown, doing: 'connecting' | 'asking'): DatabaseError {
  return metWhile(doing, fromLibrary(error))
}

function fromLibrary(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error
  const message = messageOf(error)
  // cast: whatever was thrown is asked for what it may have.
  const { code, errno, sqlState } = error as { code?: unknown; errno?: unknown; sqlState?: unknown }
  if (NO_TLS.test(message)) return new DatabaseError('tls', 'the server has no TLS', { hint: TLS_HINT, cause: error })
  if (typeof sqlState === 'string' && typeof errno === 'number') {
    const state = `${errno} (${sqlState})`
    if (INSECURE.test(message)) return new DatabaseError('tls', message, { state, hint: UNCIPHERED, cause: error })
    const kind = errno === CHECK ? 'constraint' : KINDS.find(([numbers]) => numbers.includes(errno))?.[1]
    // 45000: of a trigger that refuses a record.
    const other = sqlState === '45000' || sqlState.startsWith('23') ? 'constraint' : 'statement'
    return new DatabaseError(kind ?? other, message, { state, cause: error })
  }
  const is_lost = typeof code === 'string' && LOST.test(code)
  return networkError(error, is_lost) ?? new DatabaseError('statement', message, { cause: error })
}

/** MariaDB says of whoever must use TLS, and doesn't, what it says of a wrong password. */
export function refusedInPlain(error: DatabaseError): DatabaseError {
  const { kind, message, state, hint, cause } = error
  if (kind !== 'login' || !DENIED.test(state ?? '')) return error
  return new DatabaseError(kind, message, { state, hint: `${hint} ${IN_PLAIN}`, cause })
}

const DENIED = /^1045 /
const IN_PLAIN =
  'A server that takes nobody without TLS, or not this user, may say the same: then write `tls: verify`, or `tls: {ca: FILE}` for an authority of your own.'
const TLS_HINT = 'Switch TLS on at the server; or, where nobody is in between, write `tls: off`.'
