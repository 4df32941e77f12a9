/**
 * Whether an ECDSA signature over P-256 or P-384 holds (FIPS 186-5, section 6.4.2), for browsers, whose own means answer later. It works on what is
 * public alone, so that its time may depend on that. A library of curves would make the page larger than it may be.
 */
import { DerError, derElement, derElements, derNatural, TAGS } from './der.ts'
import { bytesToHex } from './hash.ts'
import type { PublicKey } from './public-key.ts'

interface Curve {
  readonly bytes: number
  /** y² = x³ − 3x + b over the field of p; n points, of which `base` makes all. */
  readonly p: bigint
  readonly b: bigint
  readonly n: bigint
  readonly base: Point
}

/** x and y; null: the point at infinity. */
type Point = readonly [x: bigint, y: bigint] | null

const hex = (text: string) => BigInt(`0x${text}`)

/** FIPS 186-5 has their names, SP 800-186, section 3.2.1, their numbers. */
const CURVES: { readonly [name in 'P-256' | 'P-384']: Curve } = {
  'P-256': {
    bytes: 32,
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: hex('5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b'),
    n: hex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'),
    base: [
      hex('6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296'),
      hex('4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5'),
    ],
  },
  'P-384': {
    bytes: 48,
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: hex('b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef'),
    n: hex('ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973'),
    base: [
      hex('aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7'),
      hex('3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f'),
    ],
  },
}

type EcKey = Extract<PublicKey, { kind: 'ec' }>

export function isEcdsa(key: EcKey, hashed: Uint8Array, signature: Uint8Array): boolean {
  const curve = CURVES[key.curve]
  const { n, p, b, bytes, base } = curve
  const numbers = numbersIn(signature)
  const [x, y] = [numberOf(key.point.subarray(1, 1 + bytes)), numberOf(key.point.subarray(1 + bytes))]
  if (numbers === null || x >= p || y >= p || mod(y * y - (x * x - 3n) * x - b, p) !== 0n) return false
  const [r, s] = numbers
  if (r === 0n || s === 0n || r >= n || s >= n) return false
  const w = inverse(s, n)
  const found = sumOf(curve, (numberOf(hashed.subarray(0, bytes)) * w) % n, base, (r * w) % n, [x, y])
  return found !== null && found[0] % n === r
}

/** r and s; null if it isn't their DER. */
function numbersIn(signature: Uint8Array): readonly [bigint, bigint] | null {
  try {
    const [r, s, more] = derElements(derElement(signature, TAGS.sequence).content)
    if (more !== undefined) return null
    return [numberOf(derNatural(r)), numberOf(derNatural(s))]
  } catch (error) {
    if (error instanceof DerError) return null
    throw error
  }
}

export function numberOf(bytes: Uint8Array): bigint {
  return hex(bytesToHex(bytes))
}

const mod = (a: bigint, m: bigint) => ((a % m) + m) % m

/** By Euclid; `a` and `m` have no common divisor. */
function inverse(a: bigint, m: bigint): bigint {
  let [old_rest, rest, old_factor, factor] = [mod(a, m), m, 1n, 0n]
  while (rest > 0n) {
    const times = old_rest / rest
    ;[old_rest, rest, old_factor, factor] = [rest, old_rest - times * rest, factor, old_factor - times * factor]
  }
  return mod(old_factor, m)
}

/** x/z², y/z³ (Jacobian); z = 0: the point at infinity. */
type Projected = readonly [x: bigint, y: bigint, z: bigint]
const INFINITY: Projected = [1n, 1n, 0n]

/** aP + bQ. */
function sumOf({ p }: Curve, a: bigint, first: Point, b: bigint, second: Point): Point {
  const [one, other] = [projected(first), projected(second)]
  const both = added(one, other, p)
  let sum = INFINITY
  for (let bit = BigInt(Math.max(a.toString(2).length, b.toString(2).length)) - 1n; bit >= 0n; bit--) {
    sum = doubled(sum, p)
    const [in_a, in_b] = [(a >> bit) & 1n, (b >> bit) & 1n]
    if (in_a === 1n || in_b === 1n) sum = added(sum, in_a === 0n ? other : in_b === 0n ? one : both, p)
  }
  const [x, y, z] = sum
  if (z === 0n) return null
  const inverted = inverse(z, p)
  const square = (inverted * inverted) % p
  return [mod(x * square, p), mod(y * square * inverted, p)]
}

function projected(point: Point): Projected {
  return point === null ? INFINITY : [point[0], point[1], 1n]
}

function doubled([x, y, z]: Projected, p: bigint): Projected {
  if (z === 0n || y === 0n) return INFINITY
  const zz = (z * z) % p
  const yy = (y * y) % p
  const s = (4n * x * yy) % p
  // The curve's a is −3.
  const m = (3n * (x - zz) * (x + zz)) % p
  const x2 = mod(m * m - 2n * s, p)
  return [x2, mod(m * (s - x2) - 8n * yy * yy, p), mod(2n * y * z, p)]
}

function added(one: Projected, other: Projected, p: bigint): Projected {
  const [x1, y1, z1] = one
  const [x2, y2, z2] = other
  if (z1 === 0n) return other
  if (z2 === 0n) return one
  const [zz1, zz2] = [(z1 * z1) % p, (z2 * z2) % p]
  const [u1, u2] = [(x1 * zz2) % p, (x2 * zz1) % p]
  const [s1, s2] = [(y1 * zz2 * z2) % p, (y2 * zz1 * z1) % p]
  if (mod(u1 - u2, p) === 0n) return mod(s1 - s2, p) === 0n ? doubled(one, p) : INFINITY
  const [h, r] = [mod(u2 - u1, p), mod(s2 - s1, p)]
  const hh = (h * h) % p
  const hhh = (h * hh) % p
  const v = (u1 * hh) % p
  const x3 = mod(r * r - hhh - 2n * v, p)
  return [x3, mod(r * (v - x3) - s1 * hhh, p), mod(z1 * z2 * h, p)]
}
