/** OpenSSH’s list of the keys of servers that a user trusts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
import { createHmac } from 'node:crypto'

/** `host`: `name`, or `[name]:port` where the port isn’t 22. `key`: as the server sends it. A key that is revoked is never known. */
export function isKnownHost(text: string, host: string, key: Buffer): boolean {
  const encoded = key.toString('base64')
  let known = false
  for (const line of text.split(/\r?\n/)) {
    const words = line.trim().split(/\s+/)
    const marker = words[0]?.startsWith('@') === true ? words.shift() : undefined
    const [names = '', , found = ''] = words
    if (line.startsWith('#') || found !== encoded) continue
    if (!names.split(',').some(name => isName(name, host))) continue
    if (marker === '@revoked') return false
    if (marker === undefined) known = true
  }
  return known
}

function isName(name: string, host: string): boolean {
  if (!name.startsWith('|1|')) return name.toLowerCase() === host.toLowerCase()
  const [, , salt = '', hash = ''] = name.split('|')
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(host.toLowerCase()).digest('base64') === hash
}
