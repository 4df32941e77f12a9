import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { encodeSigningKey, makeSigner } from '../model/note.ts'
import { signingKey, trustedKeys } from './keys.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-keys-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const SEED = new Uint8Array(32).fill(3)
const KEY = encodeSigningKey('mine', SEED)
const VERIFIER = makeSigner('mine', SEED).verifier_key

test('the first use makes a key, for its user only; later ones find it', () => {
  const env = { XDG_CONFIG_HOME: join(folder, 'config') }
  expect(trustedKeys(null, env)).toEqual([])
  const made = signingKey(env).verifier_key
  const path = join(folder, 'config', 'custody', 'key')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(folder, 'config', 'custody'))).toEqual(['key'])
  expect(signingKey(env).verifier_key).toBe(made)
  expect(trustedKeys(null, env).map(each => each.text)).toEqual([made])
})

test('two first uses at the same time agree', async () => {
  const script = `import('${import.meta.dirname}/keys.ts').then(m => console.log(m.signingKey().verifier_key))`
  const run = () =>
    promisify(execFile)(process.execPath, ['-e', script], {
      env: { ...process.env, CUSTODY_KEY: '', XDG_CONFIG_HOME: folder },
    })
  const [first, second] = await Promise.all([run(), run()])
  expect(first?.stdout).toBe(second?.stdout)
  expect(first?.stdout).toMatch(/^custody\+/)
})

test('$CUSTODY_KEY is a key, or a file with one', () => {
  expect(signingKey({ CUSTODY_KEY: KEY }).verifier_key).toBe(VERIFIER)
  const path = join(folder, 'key')
  writeFileSync(path, `${KEY}\n`)
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

test('what is no key is refused, without being told', () => {
  const path = join(folder, 'bad')
  writeFileSync(path, 'PRIVATE+KEY+spoilt')
  for (const CUSTODY_KEY of [path, 'PRIVATE+KEY+spoilt', join(folder, 'missing'), folder]) {
    expect(() => signingKey({ CUSTODY_KEY })).toThrow(expect.objectContaining({ code: 'CUSTODY_KEY' }))
  }
  expect(readFileSync(path, 'utf8')).toBe('PRIVATE+KEY+spoilt')
})
