/**
 * Proxies that the environment names: `HTTP_PROXY` and `HTTPS_PROXY` for URLs of their schemes, `NO_PROXY` for hosts that are asked
 * without one; lower case comes first. Addresses of this machine are never asked through a proxy.
 */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Secret } from '../masks.ts'
import { decodedPart } from './url-part.ts'

export interface WebProxy {
  /** With its user and password, in a spelling that every reader of URLs takes. */
  readonly url: string
}

/** A setting of the environment that can't be followed. */
export class ProxyProblem extends Error {
  override readonly name = 'ProxyProblem'
}

type Environment = { readonly [name: string]: string | undefined }

/** Null: none is to be used. @throws ProxyProblem if what is named is no proxy for HTTP. */
export function proxyFor({ protocol, hostname, port }: URL, env: Environment): WebProxy | null {
  const variable = protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const named = setting(variable, env)
  if (named === '') return null
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase()
  if (isThisMachine(host)) return null
  const usual_port = protocol === 'https:' ? '443' : '80'
  if (isExcepted(host, port === '' ? usual_port : port, setting('NO_PROXY', env))) return null
  const url = proxyUrl(named)
  if (url === null) throw new ProxyProblem(`${variable} isn’t the URL of a proxy, with http:// or https://`)
  return { url }
}

/** What a proxy could repeat. */
export function proxySecrets(env: Environment): readonly Secret[] {
  return ['HTTP_PROXY', 'HTTPS_PROXY'].flatMap(name => {
    const url = partsOf(setting(name, env))
    if (url === null || url.password === '') return []
    const [user, password] = [url.username, url.password].map(decodedPart)
    return [password, url.password, `${user}:${password}`].map(value => ({ name, value: value ?? '' }))
  })
}

const setting = (name: string, env: Environment): string => (env[name.toLowerCase()] || env[name] || '').trim()

/** A host alone is the URL of a proxy, too. */
function partsOf(text: string): URL | null {
  const url = text.includes('://') ? text : `http://${text}`
  return text !== '' && URL.canParse(url) ? new URL(url) : null
}

function proxyUrl(text: string): string | null {
  const url = partsOf(text)
  if (url === null || !/^https?:$/.test(url.protocol)) return null
  const [user = '', password = ''] = [url.username, url.password].map(part => encodeURIComponent(decodedPart(part)))
  const login = user === '' && password === '' ? '' : `${user}:${password}@`
  return `${url.protocol}//${login}${url.host}`
}

/** A proxy elsewhere would find another machine under these names. */
function isThisMachine(host: string): boolean {
  const name = host.replace(/\.$/, '')
  if (name === 'localhost' || name.endsWith('.localhost')) return true
  return isIP(host) !== 0 && ['loopback', 'unspecified'].includes(ipaddr.process(host).range())
}

/** `*`, hosts with what is below them, addresses and ranges (`10.0.0.0/8`), each with or without a port. */
function isExcepted(host: string, port: string, list: string): boolean {
  return list.split(/[\s,]+/).some(entry => {
    const [, named = '', only] = /^(.*?)(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? []
    if (named === '' || (only !== undefined && only !== port)) return false
    if (named === '*') return true
    const plain = named.replace(/^\[|\]$/g, '').toLowerCase()
    if (isIP(host) !== 0) return isInRange(host, plain)
    const suffix = plain.replace(/^\*?\./, '')
    return host === suffix || host.endsWith(`.${suffix}`)
  })
}

function isInRange(address: string, range: string): boolean {
  const parsed = ipaddr.process(address)
  if (isIP(range) !== 0) return ipaddr.process(range).toString() === parsed.toString()
  if (!ipaddr.isValidCIDR(range)) return false
  const [base, bits] = ipaddr.parseCIDR(range)
  return base.kind() === parsed.kind() && parsed.match(base, bits)
}
