import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { encodeSigningKeys, makeSigner } from '../../format/signing-key.ts'
import { signingKey } from './keys.ts'
import { trustedKeys, trustKeys } from './known-ledgers.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-keys-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const SEED = new Uint8Array(32).fill(3)
const KEY = encodeSigningKeys('mine', SEED)
const VERIFIER = makeSigner('mine', SEED).verifier_key

test('the first use makes a key, for its user only; later ones find it', () => {
  const env = { XDG_CONFIG_HOME: join(folder, 'config') }
  expect(trustedKeys(null, env)).toEqual([])
  const { verifier_keys: made } = signingKey(env)
  expect(made.length).toBe(2)
  const path = join(folder, 'config', 'custody', 'key')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(folder, 'config', 'custody'))).toEqual(['key'])
  expect(signingKey(env).verifier_keys).toEqual(made)
  expect(trustedKeys(null, env).map(each => each.text)).toEqual(made)
})

test('a file that is named for its keys has one at least', () => {
  const env = { XDG_CONFIG_HOME: join(folder, 'config') }
  const path = join(folder, 'their.keys')
  writeFileSync(path, '# of the sender\n\n')
  const none = { code: 'CUSTODY_KEY', message: `there is no verifier key in ${path}` }
  expect(() => trustedKeys(path, env)).toThrow(expect.objectContaining(none))
  expect(() => trustKeys(path, env)).toThrow(expect.objectContaining(none))
})

test('two first uses at the same time agree', async () => {
  const script = `import('${import.meta.dirname}/keys.ts').then(m => console.log(m.signingKey().verifier_key))`
  const run = () =>
    promisify(execFile)(process.execPath, ['-e', script], {
      env: { ...process.env, CUSTODY_KEY: '', XDG_CONFIG_HOME: folder },
    })
  const [first, second] = await Promise.all([run(), run()])
  expect(first?.stdout).toBe(second?.stdout)
  expect(first?.stdout).toMatch(/^custody\/[0-9a-f]{8}\+/)
})

test('$CUSTODY_KEY is a key, or a file with one, with quotes and blanks as they come', () => {
  for (const CUSTODY_KEY of [KEY, `"${KEY}"`, `'${KEY}'`, `\n ${KEY}\n`, ` " ${KEY} " `])
    expect(signingKey({ CUSTODY_KEY }).verifier_key).toBe(VERIFIER)
  const [first, second] = encodeSigningKeys('mine', SEED, SEED).trim().split('\n')
  const { verifier_keys } = makeSigner('mine', SEED, SEED)
  for (const CUSTODY_KEY of [`${first}\n${second}\n`, `"${second} ${first}"`])
    expect(signingKey({ CUSTODY_KEY }).verifier_keys).toEqual(verifier_keys)
  const path = join(folder, 'key')
  writeFileSync(path, `${KEY}\n`, { mode: 0o600 })
  expect(signingKey({ CUSTODY_KEY: path }).verifier_key).toBe(VERIFIER)
  expect(trustedKeys(null, { CUSTODY_KEY: path }).map(each => each.text)).toEqual([VERIFIER])
})

test('keys of others stand one a line', () => {
  const env = { XDG_CONFIG_HOME: folder }
  const path = join(folder, 'keys')
  writeFileSync(path, `# auditors\n\n  ${VERIFIER}  \n`)
  expect(trustedKeys(path, env).map(each => each.text)).toEqual([VERIFIER])
  writeFileSync(path, 'nonsense\n')
  expect(() => trustedKeys(path, env)).toThrow(expect.objectContaining({ code: 'CUSTODY_KEY' }))
})

/** Of an error, all that anybody could see: causes and stacks too. */
function allOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { hint = '', where } = error as { hint?: string; where?: unknown }
  return [error.message, error.stack, hint, JSON.stringify(where), allOf(error.cause ?? '')].join('\n')
}

test('what could be a key is never shown, however it is spelled', () => {
  const secret = KEY.split('+').at(-1)!
  const spoilt = [
    `PRIVATE KEY+mine+00000000+${secret}`,
    `PRIVATE+KEY+mine+00000000+${secret}`,
    `private+key+mine+00000000+${secret}`,
    `"${KEY}`,
    `export CUSTODY_KEY=${KEY}`,
    `mine+00000000+${secret}`,
    secret,
    `/${secret}`,
    `./${secret}`,
    `${KEY}${KEY.repeat(300)}`,
    `${folder}/file/${secret}`,
  ]
  writeFileSync(join(folder, 'file'), '')
  for (const CUSTODY_KEY of spoilt) {
    let thrown: unknown
    try {
      signingKey({ CUSTODY_KEY })
    } catch (error) {
      thrown = error
    }
    expect(thrown, CUSTODY_KEY).toMatchObject({ code: 'CUSTODY_KEY' })
    expect(allOf(thrown), CUSTODY_KEY).not.toContain(secret)
  }
  // Nor a signing key that was taken for a file of verifier keys.
  const path = join(folder, 'key')
  writeFileSync(path, `${KEY}\nPRIVATE KEY+mine+00000000+${secret}\n`)
  expect(() => trustedKeys(path, {})).toThrow(/line 1 of .* is a signing key/)
  try {
    trustedKeys(path, {})
  } catch (error) {
    expect(allOf(error)).not.toContain(secret)
  }
})

test('a path that was mistyped is reported', () => {
  const CUSTODY_KEY = join(folder, 'kye')
  expect(() => signingKey({ CUSTODY_KEY })).toThrow(`a file that is there (${CUSTODY_KEY})`)
})

test.skipIf(process.platform === 'win32')('a key that others may read or write signs nothing', () => {
  const path = join(folder, 'key')
  writeFileSync(path, KEY)
  for (const mode of [0o644, 0o604, 0o666, 0o620, 0o602]) {
    chmodSync(path, mode)
    expect(() => signingKey({ CUSTODY_KEY: path }), mode.toString(8)).toThrow(/is no secret: (every user|others)/)
    // What it signed can be verified all the same.
    expect(trustedKeys(null, { CUSTODY_KEY: path }).map(each => each.text)).toEqual([VERIFIER])
  }
  // As containers are given theirs: through a group.
  for (const mode of [0o600, 0o400, 0o440, 0o640]) {
    chmodSync(path, mode)
    expect(signingKey({ CUSTODY_KEY: path }).verifier_key).toBe(VERIFIER)
  }
})

test('what is no key is refused', () => {
  const path = join(folder, 'bad')
  writeFileSync(path, 'PRIVATE+KEY+spoilt', { mode: 0o600 })
  for (const CUSTODY_KEY of [path, 'PRIVATE+KEY+spoilt', join(folder, 'missing'), folder]) {
    expect(() => signingKey({ CUSTODY_KEY })).toThrow(expect.objectContaining({ code: 'CUSTODY_KEY' }))
  }
  expect(readFileSync(path, 'utf8')).toBe('PRIVATE+KEY+spoilt')
})
