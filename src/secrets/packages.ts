/** Which packages managers are read by: optional peers, which only those need who name a secret of one. */
import { missingPeers } from '../model/peers.ts'
import type { SecretReading } from '../model/secret-reading.ts'
import type { SecretKind } from '../model/secret-reference.ts'

const PACKAGES: { readonly [kind in SecretKind]?: { readonly who: string; readonly name: string } } = {
  aws: { who: 'AWS Secrets Manager', name: '@aws-sdk/client-secrets-manager' },
  'aws-ssm': { who: 'AWS Parameter Store', name: '@aws-sdk/client-ssm' },
  azure: { who: 'Azure Key Vault', name: '@azure/identity' },
  gcp: { who: 'Google Secret Manager', name: 'google-auth-library' },
}

/** A package that isn't there; null: nothing is missing. Problem: CUSTODY_PACKAGE_MISSING. */
export function missingFor(kind: SecretKind): Extract<SecretReading, { readonly kind: 'problem' }> | null {
  const needed = PACKAGES[kind]
  const missing = needed === undefined ? null : missingPeers([needed.name])
  if (needed === undefined || missing === null) return null
  return {
    kind: 'problem',
    code: 'CUSTODY_PACKAGE_MISSING',
    message: `to read from ${needed.who} needs the package ${needed.name}, which isn’t installed`,
    hint: missing.install,
  }
}

/** Those whose packages are installed, in words. */
export function readableManagers(): readonly string[] {
  return Object.values(PACKAGES).flatMap(({ who, name }) => (missingPeers([name]) === null ? who : []))
}
