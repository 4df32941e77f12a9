/**
 * What the reader trusts, from what they pasted or loaded: never from the file that is checked, nor from this page. Verifier keys, a policy
 * (C2SP tlog-policy) and certificates of timestamp authorities (PEM) can stand in one text: they are told apart by their lines.
 */
import { type Certificate, certificatesIn } from '../../format/certificate.ts'
import { DerError } from '../../format/der.ts'
import { type Policy, PolicyError, parsePolicy } from '../../format/policy.ts'
import { readVerifierKeys, utf8 } from '../../format/verifier-key.ts'
import type { Trusting } from './trusting.ts'

export type ReadTrust =
  | { readonly ok: true; readonly trusting: Trusting }
  | { readonly ok: false; readonly message: string }

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g
const OF_POLICY = /^[ \t]*(log|witness|group|quorum)[ \t]/

export function trustIn(text: string): ReadTrust {
  const authorities = authoritiesIn(text.match(CERTIFICATE) ?? [])
  if (typeof authorities === 'string') return { ok: false, message: authorities }
  // Lines keep their numbers.
  const lines = text.replace(CERTIFICATE, found => found.replace(/[^\n]/g, '')).split('\n')
  const policy = policyIn(lines.map(line => (OF_POLICY.test(line) ? line.trimEnd() : '')))
  if (typeof policy === 'string') return { ok: false, message: policy }
  const read = readVerifierKeys(lines.map(line => (OF_POLICY.test(line) ? '' : line)).join('\n'))
  if (!read.ok)
    return {
      ok: false,
      message: `Line ${read.line} is ${read.what}. A verifier key is a line name+hash+base64, as \`custody key show\` prints it.`,
    }
  // A policy that pins the ledger's key needs no other.
  const pins_log = policy !== null && policy.logs.length > 0
  const trusted = read.keys.length === 0 && pins_log ? null : read.keys
  return { ok: true, trusting: { trusted, policy, authorities } }
}

/** Or what is wrong with it. */
function policyIn(lines: readonly string[]): Policy | null | string {
  if (lines.every(line => line === '')) return null
  try {
    return parsePolicy(utf8(`${lines.join('\n')}\n`))
  } catch (error) {
    if (error instanceof PolicyError) return `Line ${error.line} of the policy: ${error.message}.`
    throw error
  }
}

function authoritiesIn(blocks: readonly string[]): readonly Certificate[] | string {
  try {
    return blocks.length === 0 ? [] : certificatesIn(`${blocks.join('\n')}\n`)
  } catch (error) {
    if (error instanceof DerError) return `A certificate can’t be read: ${error.message}.`
    throw error
  }
}
