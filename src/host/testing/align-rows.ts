/** Two lists side by side, so that most fit: what is missing or too much stands alone. Pure. */

interface Aligned<A, B> {
  readonly expected: A | null
  readonly actual: B | null
  readonly fit: boolean
}

/** Longer lists are compared place by place: what is compared grows with the product of their lengths. */
const MOST = 1000

/** What fits is paired so that as many do as can in this order; of the rest between them the first stands against the first. */
export function aligned<A extends object, B extends object>(
  expected: readonly A[],
  actual: readonly B[],
  fits: (expected: A, actual: B) => boolean,
): ReadonlyArray<Aligned<A, B>> {
  const pairs =
    expected.length > MOST || actual.length > MOST ? inPlace(expected, actual, fits) : longest(expected, actual, fits)
  const found: Array<Aligned<A, B>> = []
  let [i, j] = [0, 0]
  const alone = (to_i: number, to_j: number) => {
    for (; i < to_i || j < to_j; i++, j++)
      found.push({
        expected: i < to_i ? (expected[i] ?? null) : null,
        actual: j < to_j ? (actual[j] ?? null) : null,
        fit: false,
      })
    ;[i, j] = [to_i, to_j]
  }
  for (const [x, y] of pairs) {
    alone(x, y)
    found.push({ expected: expected[x] ?? null, actual: actual[y] ?? null, fit: true })
    ;[i, j] = [x + 1, y + 1]
  }
  alone(expected.length, actual.length)
  return found
}

type Pairs = ReadonlyArray<readonly [number, number]>

function inPlace<A, B>(expected: readonly A[], actual: readonly B[], fits: (a: A, b: B) => boolean): Pairs {
  return expected.flatMap((each, i) => {
    const other = actual[i]
    return other !== undefined && fits(each, other) ? [[i, i] as const] : []
  })
}

/** The longest common subsequence. */
function longest<A, B>(expected: readonly A[], actual: readonly B[], fits: (a: A, b: B) => boolean): Pairs {
  const width = actual.length + 1
  /** By where both begin: how many can fit from there on. */
  const most = new Uint16Array((expected.length + 1) * width)
  const at = (i: number, j: number) => most[i * width + j] ?? 0
  const fit = expected.map(each => actual.map(other => fits(each, other)))
  for (let i = expected.length - 1; i >= 0; i--)
    for (let j = actual.length - 1; j >= 0; j--)
      most[i * width + j] = Math.max(at(i + 1, j), at(i, j + 1), fit[i]?.[j] === true ? at(i + 1, j + 1) + 1 : 0)
  const pairs: Array<readonly [number, number]> = []
  for (let i = 0, j = 0; i < expected.length && j < actual.length; ) {
    if (fit[i]?.[j] === true && at(i, j) === at(i + 1, j + 1) + 1) pairs.push([i++, j++])
    else if (at(i + 1, j) >= at(i, j + 1)) i++
    else j++
  }
  return pairs
}
