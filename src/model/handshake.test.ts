/** Errors as Node and libraries throw them. */
import { expect, test } from 'vitest'
import { handshakeFailure, withoutWrapping } from './handshake.ts'

const wrapped = (reason: string) =>
  `4033E2BA:error:0A00042E:SSL routines:ssl3_read_bytes:${reason}:ssl/record/rec_layer_s3.c:918:SSL alert number 70\n`
const error = (code: string, message = 'said') => Object.assign(new Error(message), { code })

test.each([
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'said', 'version'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'said', 'version'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'said', 'version'],
  ['EPROTO', wrapped('tlsv1 alert protocol version'), 'version'],
  ['HANDSHAKE_SSL_ERROR', wrapped('tlsv1 alert protocol version'), 'version'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'said', 'own_certificate'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'said', 'own_certificate'],
  ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED', 'said', 'own_certificate'],
  ['HANDSHAKE_SSL_ERROR', wrapped('ssl/tls alert bad certificate'), 'own_certificate'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'said', 'other_name'],
  ['HANDSHAKE_SSL_ERROR', 'Hostname/IP does not match certificate’s altnames: …', 'other_name'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'said', 'server_certificate'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'said', 'server_certificate'],
  ['HANDSHAKE_SSL_ERROR', 'unable to verify the first certificate', 'server_certificate'],
  ['HANDSHAKE_SSL_ERROR', 'certificate has expired', 'server_certificate'],
  ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'said', 'other'],
  ['ECONNRESET', 'said', null],
  ['ER_ACCESS_DENIED_ERROR', 'said', null],
])('%s, “%s”: %s', (code, message, failure) => {
  expect(handshakeFailure(error(code, message))).toBe(failure)
})

test('what has no code isn’t about TLS', () => {
  expect(handshakeFailure(new Error('alert protocol version'))).toBe(null)
})

test('what OpenSSL wraps is said without the wrapping', () => {
  expect(withoutWrapping(wrapped('tlsv1 alert unknown ca'))).toBe('tlsv1 alert unknown ca')
  expect(withoutWrapping('certificate has expired')).toBe('certificate has expired')
})
