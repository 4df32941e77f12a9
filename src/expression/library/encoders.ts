/** Encodings, hashes and the texts that other formats have in cells: JSON, URLs, addresses of mail. */
import { createHash, createHmac } from 'node:crypto'
import { JsonTextError, parseStrict } from '../../model/json.ts'
import type { Json } from '../../model/row.ts'
import { fault } from '../faults.ts'
import { limitText } from '../operators.ts'
import { quote } from '../time.ts'
import { anyOf } from '../total/possible.ts'
import { ANY, MAP, STRING } from '../types.ts'
import { fromJson, toJson, type Value, type ValueMap } from '../values.ts'
import { type FunctionGroup, type FunctionSpec, overload, total } from './spec.ts'

// ── base64 and hashes ───────────────────────────────────────────────────────────────────────────────────────────────

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decoded(text: string, at: string): string {
  const bare = text.replace(/={1,2}$/, '')
  const padded = bare.length < text.length
  const sound = /^[A-Za-z0-9+/]*$/.test(bare) && bare.length % 4 !== 1 && (!padded || text.length % 4 === 0)
  if (!sound) return fault('CONVERSION_FAILED', `${at}: ${quote(text)} isn’t base64`)
  try {
    return strict.decode(Buffer.from(text, 'base64'))
  } catch {
    return fault('CONVERSION_FAILED', `${at}: ${quote(text)} isn’t base64 of a text`)
  }
}

function encoded(text: string, at: string): string {
  limitText(Math.ceil(text.length / 3) * 4, at)
  const base64 = Buffer.from(text).toString('base64')
  limitText(base64.length, at)
  return base64
}

const hmacOf = (text: string, key: string) => createHmac('sha256', key).update(text).digest('hex')
const hexOf = (algorithm: string, text: string) => createHash(algorithm).update(text).digest('hex')

/** RFC 9562, appendix A.1: the namespaces that have names. */
const NAMESPACES: ReadonlyMap<string, string> = new Map([
  ['dns', '6ba7b810-9dad-11d1-80b4-00c04fd430c8'],
  ['url', '6ba7b811-9dad-11d1-80b4-00c04fd430c8'],
  ['oid', '6ba7b812-9dad-11d1-80b4-00c04fd430c8'],
  ['x500', '6ba7b814-9dad-11d1-80b4-00c04fd430c8'],
])
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const namespaceOf = (name: string) => NAMESPACES.get(name) ?? (UUID.test(name) ? name : null)
const NO_NAMESPACE = `is neither a UUID nor ${[...NAMESPACES.keys()].join(', ')}`

/** RFC 9562, section 5.5. */
function uuid5(namespace: string, name: string, at: string): string {
  const id = namespaceOf(namespace)
  if (id === null) return fault('ARGUMENT_INVALID', `${at}: ${quote(namespace)} ${NO_NAMESPACE}`)
  const bytes = createHash('sha1')
    .update(Buffer.from(id.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
    .subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

// ── JSON, URLs, addresses ───────────────────────────────────────────────────────────────────────────────────────────

/** Deeper data would be a problem for whatever reads the row. */
const MAX_DEPTH = 100

function isDeeper(json: Json, depth: number): boolean {
  if (typeof json !== 'object' || json === null) return false
  return depth === 0 || Object.values(json).some(each => isDeeper(each, depth - 1))
}

function parseJson(text: string, at: string): Value {
  const json = jsonIn(text, at)
  if (isDeeper(json, MAX_DEPTH)) fault('EVALUATION_LIMIT', `${at}: the JSON is nested more than ${MAX_DEPTH} deep`)
  return fromJson(json, ANY)
}

/** As strict as sources are: nothing is rounded unseen. */
function jsonIn(text: string, at: string): Json {
  try {
    return parseStrict(text)
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error
    const { code, message } = error
    if (code === 'JSON_TOO_DEEP') return fault('EVALUATION_LIMIT', `${at}: ${message}`)
    if (code === 'JSON_NUMBER_TOO_LARGE') return fault('NUMBER_NOT_FINITE', `${at}: ${message}`)
    return fault('CONVERSION_FAILED', `${at}: ${quote(text)} isn’t JSON: ${message}`)
  }
}

function jsonText(value: Value, at: string): string {
  const text = JSON.stringify(toJson(value))
  limitText(text.length, at)
  return text
}

/** By the URL standard of WHATWG, which all browsers follow. */
function parseUrl(text: string, at: string): ValueMap {
  const url = URL.parse(text)
  if (url === null) return fault('CONVERSION_FAILED', `${at}: ${quote(text)} isn’t a URL with its scheme`)
  const query = new Map<string, string>()
  for (const [name, value] of url.searchParams) if (!query.has(name)) query.set(name, value)
  return new Map<string, Value>([
    ['scheme', url.protocol.slice(0, -1)],
    ['host', url.hostname],
    ['port', url.port === '' ? null : BigInt(url.port)],
    ['path', url.pathname],
    ['query', query],
    ['fragment', url.hash.slice(1)],
  ])
}

/** What HTML’s `<input type="email">` takes, https://html.spec.whatwg.org/#valid-e-mail-address; and 254 characters at most, by RFC 5321. */
const EMAIL =
  /^([a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+)@([a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*)$/
const MAX_EMAIL = 254

function parseEmail(text: string, at: string): ValueMap {
  const [, local, domain] = text.length > MAX_EMAIL ? [] : (EMAIL.exec(text) ?? [])
  if (local === undefined || domain === undefined)
    return fault('CONVERSION_FAILED', `${at}: ${quote(text)} isn’t an address of mail`)
  const lower = domain.toLowerCase()
  return new Map([
    ['local', local],
    ['domain', lower],
    ['address', `${local}@${lower}`],
  ])
}

// ── functions ───────────────────────────────────────────────────────────────────────────────────────────────────────

const own = { form: 'function', from: 'Custody' } as const
const HASHES: readonly FunctionSpec[] = [
  {
    name: 'base64.encode',
    form: 'function',
    from: 'CEL encoders',
    summary: 'The text in base64, by its bytes in UTF-8. CEL has it of bytes.',
    overloads: [overload(['string'], STRING, ([text], at) => encoded(text, at))],
    examples: [['base64.encode("hello")', 'aGVsbG8=']],
    errors: { EVALUATION_LIMIT: 'base64.encode("".padEnd(9000000))' },
  },
  {
    name: 'base64.decode',
    form: 'function',
    from: 'CEL encoders',
    summary: 'The text whose base64 it is, with padding or without. CEL gives bytes.',
    overloads: [overload(['string'], STRING, ([text], at) => decoded(text, at))],
    examples: [['base64.decode("aGVsbG8=")', 'hello']],
    errors: { CONVERSION_FAILED: 'base64.decode("/w==")' },
  },
  {
    ...own,
    name: 'hash.sha256',
    summary:
      'The SHA-256 hash of the text in UTF-8, in hexadecimal. It hides nothing that can be guessed: whoever tries all names finds the name.',
    overloads: [
      total(['string'], STRING, ([text]) => hexOf('sha256', text), {
        results: () => anyOf(['string'], { length: 64 }),
      }),
    ],
    examples: [['hash.sha256("abc")', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad']],
  },
  {
    ...own,
    name: 'hash.hmacSha256',
    parameters: ['text', 'key'],
    summary:
      'The HMAC-SHA-256 (RFC 2104) of a text with a secret as its key, both in UTF-8, as 64 hexadecimal digits: a pseudonym that nobody can make or guess without the key.',
    details:
      'Only `compute` has secrets: its option `secrets` names them, as in `secrets: { key: { secret: PSEUDONYM_KEY } }`, and its expressions see them as `secrets.key`; in the example its value is `Jefe`. A secret is read from the environment when the run starts. The ledger has its name and a keyed fingerprint, never its value, and nothing but this function takes it: no text, comparison, result or message can hold it.',
    overloads: [
      total(['string', 'secret'], STRING, ([text, key]) => key.use(value => hmacOf(text, value)), {
        results: () => anyOf(['string'], { length: 64 }),
      }),
    ],
    examples: [
      [
        'hash.hmacSha256("what do ya want for nothing?", secrets.key)',
        '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
      ],
    ],
  },
  {
    ...own,
    name: 'uuid5',
    parameters: ['namespace', 'name'],
    summary:
      'The UUID that a name has in a namespace, the same each time (RFC 9562, version 5). The namespace is a UUID, or dns, url, oid or x500.',
    overloads: [overload(['string', 'string'], STRING, ([namespace, name], at) => uuid5(namespace, name, at))],
    examples: [['uuid5("dns", "www.example.com")', '2ed6657d-e927-568b-95e1-2665a8aea6a2']],
    errors: { ARGUMENT_INVALID: 'uuid5("mine" + "", "a")' },
    constants: ([namespace]) =>
      typeof namespace !== 'string' || namespaceOf(namespace) !== null
        ? null
        : { argument: 0, code: 'CUSTODY_CEL_TYPE', problem: `${quote(namespace)} ${NO_NAMESPACE}` },
  },
]

const FORMATS: readonly FunctionSpec[] = [
  {
    ...own,
    name: 'json.parse',
    summary: 'The value that the text has as JSON.',
    overloads: [overload(['string'], ANY, ([text], at) => parseJson(text, at))],
    examples: [['json.parse("{\\"a\\": [1, 2.5]}").a[0]', 1]],
    errors: {
      CONVERSION_FAILED: 'json.parse("{a: 1}")',
      NUMBER_NOT_FINITE: 'json.parse("1e999")',
      EVALUATION_LIMIT: 'json.parse("".padEnd(200, "[").padEnd(400, "]"))',
    },
  },
  {
    ...own,
    name: 'json.format',
    summary: 'The value as JSON text without blanks, its keys in their order.',
    overloads: [overload(['any'], STRING, ([value], at) => jsonText(value, at))],
    examples: [['json.format({"a": [1, 2.5, null]})', '{"a":[1,2.5,null]}']],
    errors: {
      RESULT_NOT_JSON: 'json.format({1: "a"})',
      INTEGER_OVERFLOW: 'json.format(9223372036854775807)',
      EVALUATION_LIMIT: 'json.format("".padEnd(10000000))',
    },
  },
  {
    ...own,
    name: 'url.parse',
    summary:
      'The parts of a URL, as the standard of browsers has them: scheme, host, port (null where it is the scheme’s own), path, query (a map; of a name that stands twice, the first) and fragment.',
    overloads: [overload(['string'], MAP, ([text], at) => parseUrl(text, at))],
    examples: [
      [
        'url.parse("https://Example.com:8443/a/b?q=x%20y#top")',
        { scheme: 'https', host: 'example.com', port: 8443, path: '/a/b', query: { q: 'x y' }, fragment: 'top' },
      ],
    ],
    errors: { CONVERSION_FAILED: 'url.parse("example.com/a")' },
  },
  {
    ...own,
    name: 'email.parse',
    summary:
      'The parts of an address of mail: local, domain (in lower case) and address (with that domain). What it takes is what forms in browsers take; whether mail arrives there, it doesn’t know.',
    overloads: [overload(['string'], MAP, ([text], at) => parseEmail(text, at))],
    examples: [
      ['email.parse("Ana.M@Example.COM")', { local: 'Ana.M', domain: 'example.com', address: 'Ana.M@example.com' }],
    ],
    errors: { CONVERSION_FAILED: 'email.parse("ana@@example.com")' },
  },
]

export const ENCODERS: FunctionGroup = { title: 'Encodings and hashes', functions: HASHES }
export const OTHER_FORMATS: FunctionGroup = { title: 'JSON, URLs and addresses', functions: FORMATS }
