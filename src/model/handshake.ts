/** Why TLS was not agreed on, by what can be done about it. */

/**
 * `version`: the two sides speak no common version. `other_name`: the server's certificate is for another name. `server_certificate`: nobody who is
 * trusted vouches for it, or it has expired. `own_certificate`: the server refuses what this side has shown, or that it showed none. `other`: all else.
 */
export type HandshakeFailure = 'version' | 'other_name' | 'server_certificate' | 'own_certificate' | 'other'

const OF_TLS = /^(?:ERR_SSL|ERR_TLS|EPROTO$|HANDSHAKE_)/
/** Names of what X.509 finds wrong (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const UNVERIFIED = /^(?:ERR_TLS_CERT|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH)/
const UNVERIFIED_SAID = /unable to (?:verify|get)|self[- ]signed certificate|certificate has expired|not yet valid/
const OTHER_NAME = /does not match certificate|altnames/
const VERSION =
  /protocol version|unsupported protocol|wrong version number|version too (?:low|high)|no protocols available/
/** Alerts come from the other side (RFC 8446, section 6): of certificates they are about the one that this side has shown. */
const OWN =
  /alert (?:bad certificate|unsupported certificate|certificate (?:required|unknown|expired|revoked)|unknown ca|decrypt error|access denied)/

/** null: it isn't about TLS. */
export function handshakeFailure(error: unknown): HandshakeFailure | null {
  // cast: whatever was thrown is asked for what it may have.
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (typeof code !== 'string') return null
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'other_name'
  if (UNVERIFIED.test(code)) return 'server_certificate'
  if (!OF_TLS.test(code)) return null
  // Only a part of what OpenSSL says has a code; where a library puts its own in that place, the message has the rest.
  const said = `${code.replaceAll('_', ' ')} ${String(message)}`.toLowerCase()
  if (VERSION.test(said)) return 'version'
  if (OWN.test(said)) return 'own_certificate'
  if (OTHER_NAME.test(said)) return 'other_name'
  return UNVERIFIED_SAID.test(said) ? 'server_certificate' : 'other'
}

/** OpenSSL wraps what went wrong in numbers, names of its functions, and its own sources. */
const WRAPPED = /error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/i

/** What a message says for people; all but OpenSSL's as it is. */
export function withoutWrapping(message: string): string {
  return WRAPPED.exec(message)?.[1] ?? message
}
