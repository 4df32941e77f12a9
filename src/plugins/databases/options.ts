/** Options that say where a database is, of all plugins that ask one. */
import { z } from 'zod'
import { parseDuration } from '../../model/duration.ts'
import type { OptionProblem, SecretOption } from '../../sdk/spec.ts'
import { weakSecrets } from '../secrets.ts'
import { duration } from '../web/options.ts'
import { type Address, addressFrom, isAddress } from './address.ts'
import { type TableName, tableName } from './dialect.ts'

const file = z.string().min(1)

const tlsOption = z
  .union([
    z.enum(['off', 'verify']),
    z.strictObject({
      ca: file.optional().describe('PEM file of the authorities that vouch for the server'),
      verify: z.enum(['full', 'ca']).default('full').describe('`ca`: whatever host the certificate is for'),
      cert: file.optional().describe('PEM file of the certificate that this side shows'),
      key: file.optional().describe('PEM file of its key'),
    }),
  ])
  .optional()
  .describe('`verify` (the default for other machines), `off` (for this one), or `{ca, verify, cert, key}`')

const serverShape = z.strictObject({
  host: z.string().min(1).default('localhost').describe('A name, an address, or the folder or file of a socket'),
  port: z.int().min(1).max(65_535).optional(),
  database: z.string().min(1),
  user: z.string().min(1),
  password: z.string().optional().describe('As `{secret: NAME}`'),
  tls: tlsOption,
})
export type ServerOptions = z.output<typeof serverShape>

export const connectionOption = z
  .union([z.string().min(1), serverShape])
  .describe(
    'Where the server is: `{host, port, database, user, password, tls}` with the password as `{secret: NAME}`, or a URL as a secret',
  )
export type ConnectionOption = z.output<typeof connectionOption>

export const connectTimeout = duration.default('10s').describe('How long to wait for a connection')

export const pathOption = z.string().min(1).describe('The database’s file, relative to the pipeline file’s folder')

export const tableOption = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1).max(3)])
  .refine(table => tableName(table) !== null, { error: 'write it as table or schema.table, or as a list of names' })
  .describe('A table or view, as `orders` or `sales.orders`; a list of names where one has a dot in it')

/** Of an option that was checked. */
export function tableOf(table: z.output<typeof tableOption>): TableName {
  const name = tableName(table)
  if (name === null) throw new TypeError('the name of the table was not checked')
  return name
}

export const millisecondsOf = (text: string): number => parseDuration(text) ?? 0

/** What is wrong with where the server is, before it is asked: a password that all could read among it. */
export function connectionProblems(
  kind: 'postgres' | 'mysql',
  options: { readonly connection: ConnectionOption },
  secrets: readonly SecretOption[],
): readonly OptionProblem[] {
  const { connection } = options
  const isSecret = (...path: string[]) => secrets.some(each => each.path.join('.') === path.join('.'))
  const problems: OptionProblem[] = [...weakSecrets(options, secrets)]
  const address = addressFrom(kind, connection)
  if (!isAddress(address)) return [...problems, { path: ['connection'], ...address }]
  if (typeof connection === 'string' && address.password !== undefined && !isSecret('connection'))
    problems.push({ path: ['connection'], message: 'the URL has a password, which would be recorded', hint: URL_HINT })
  if (typeof connection !== 'string' && connection.password !== undefined && !isSecret('connection', 'password'))
    problems.push({ path: ['connection', 'password'], message: 'the password would be recorded', hint: SECRET_HINT })
  return problems
}

const SECRET_HINT = 'Write {secret: NAME} in its place, and put it into the environment.'
const URL_HINT =
  'Write connection: {secret: NAME}, and put the URL into the environment; or name host, user and password apart.'

/** Of an option that was checked. */
export function addressOf(kind: 'postgres' | 'mysql', connection: ConnectionOption): Address {
  const address = addressFrom(kind, connection)
  if (!isAddress(address)) throw new TypeError('the connection was not checked')
  return address
}
