/** Any character but halves of a pair. As fast-check’s own unit for it, which first makes a list of all of them: a second and a half. */
import fc from 'fast-check'

const [FIRST_HALF, HALVES, LAST] = [0xd800, 0x800, 0x10ffff]

export const anyCharacter: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: LAST - HALVES })
  .map(n => String.fromCodePoint(n < FIRST_HALF ? n : n + HALVES))
