/**
 * Which addresses may be asked: those of the public internet, and those that the pipeline lists.
 *
 * ADDRESSES-1. An address is judged where the connection is made: `lookup` gives the socket only addresses that it has judged, so
 *     that a name can't resolve to one address when it is looked at and to another when it is used.
 * ADDRESSES-2. A name of which one address is refused is refused.
 * ADDRESSES-3. A name that a proxy looks up is judged by what it means on this machine, if it means anything here. What it means to the
 *     proxy can't be known: whoever runs the proxy says where it may lead.
 */
import { lookup as systemLookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Range = readonly [Address, number]

/** All that is handed out as public IPv6 today. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')

/** Gives the addresses of a host name, one at least. */
export type Resolve = (hostname: string) => Promise<readonly string[]>

const resolveBySystem: Resolve = async hostname =>
  (await systemLookup(hostname, { all: true, verbatim: true })).map(({ address }) => address)

/** A connection that isn't made because of its address. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
}

/** Judges where requests go. */
export interface Guard {
  /** @throws AddressRefused for a URL whose host is an address that may not be asked. */
  judgeUrl(url: URL): void
  /** For a host that a proxy will look up. @throws AddressRefused */
  judgeName(url: URL): Promise<void>
  readonly lookup: LookupFunction | undefined
}

/** Where the pipeline's author alone says what is asked. */
export const EVERY_ADDRESS: Guard = { judgeUrl: () => undefined, judgeName: async () => undefined, lookup: undefined }

/** Milliseconds. Behind a proxy the names of the world may lead nowhere, and it takes long to find out. */
const MOST_LOOKUP_MS = 2000

/** Exceptions: host names, addresses, and ranges such as `10.0.0.0/8`. Null for what is none of these. */
export function parseException(text: string): { readonly host: string } | { readonly range: Range } | null {
  const [address = '', bits, ...more] = text.split('/')
  if (isIP(address) !== 0 && more.length === 0) {
    const parsed = ipaddr.parse(address)
    const most = parsed.kind() === 'ipv4' ? 32 : 128
    if (bits === undefined) return { range: [parsed, most] }
    return /^\d{1,3}$/.test(bits) && Number(bits) <= most ? { range: [parsed, Number(bits)] } : null
  }
  const isName = /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/i.test(text) && !/^[\d.]+$/.test(text)
  return isName ? { host: text.toLowerCase() } : null
}

export class AddressGuard implements Guard {
  readonly #hosts = new Set<string>()
  readonly #ranges: Range[] = []
  readonly #resolve: Resolve

  /** @throws TypeError for an exception that isn't one. */
  constructor(exceptions: readonly string[], resolve: Resolve = resolveBySystem) {
    this.#resolve = resolve
    for (const text of exceptions) {
      const parsed = parseException(text)
      if (parsed === null) throw new TypeError(`${text} is neither a host name nor an address`)
      if ('host' in parsed) this.#hosts.add(parsed.host)
      else this.#ranges.push(parsed.range)
    }
  }

  /** A socket that is given an address looks nothing up: it is judged here. @throws AddressRefused. */
  judgeUrl({ hostname }: URL): void {
    const address = hostname.replace(/^\[|\]$/g, '')
    if (isIP(address) !== 0 && !this.admits(address)) throw refused(address)
  }

  async judgeName({ hostname }: URL): Promise<void> {
    if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) return
    const enough = new AbortController()
    const late = wait(MOST_LOOKUP_MS, null, { signal: enough.signal, ref: false }).catch(() => null)
    const looked_up = this.#addressesOf(hostname).catch((error: Error) => error)
    const found = await Promise.race([looked_up, late])
    enough.abort()
    // Nothing, or that there is no such name, is for the proxy to find out.
    if (found instanceof AddressRefused) throw found
  }

  admits(address: string): boolean {
    if (!ipaddr.isValid(address)) return false
    const forms = [ipaddr.parse(address), ipaddr.process(address)]
    return forms.some(form => this.#isListed(form)) || isPublic(address)
  }

  /** For the socket: resolves, judges every address, and gives them. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.#addressesOf(hostname).then(
      addresses => {
        const family = options.family === 4 || options.family === 6 ? options.family : 0
        const all = addresses
          .map(address => ({ address, family: isIP(address) }))
          .filter(each => family === 0 || each.family === family)
        const [first] = all
        if (first === undefined) callback(new AddressRefused(`${hostname} has no address`), '')
        else if (options.all === true) callback(null, all)
        else callback(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => callback(error, ''),
    )
  }

  async #addressesOf(hostname: string): Promise<readonly string[]> {
    const addresses = await this.#resolve(hostname)
    if (this.#hosts.has(hostname.toLowerCase().replace(/\.$/, ''))) return addresses
    const wrong = addresses.find(address => !this.admits(address))
    if (wrong !== undefined) throw refused(wrong)
    return addresses
  }

  #isListed(address: Address): boolean {
    return this.#ranges.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits))
  }
}

const refused = (address: string) => new AddressRefused(`${address} is no public address`)

/**
 * False for loopback, private, link-local, multicast, reserved and all other special addresses (IANA's registries), and for
 * what leads to one: IPv4 inside of IPv6 and NAT64. Other tunnels (6to4, Teredo) are refused.
 */
export function isPublic(address: string): boolean {
  const parsed = ipaddr.process(address)
  if (parsed instanceof ipaddr.IPv4) return parsed.range() === 'unicast'
  if (parsed.match(ipaddr.IPv6.parseCIDR('64:ff9b::/96'))) {
    return isPublic(ipaddr.fromByteArray(parsed.toByteArray().slice(12)).toString())
  }
  return parsed.range() === 'unicast' && parsed.match(GLOBAL_UNICAST)
}
