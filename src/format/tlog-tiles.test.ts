import { expect, test } from 'vitest'
import { bundled, MAX_BUNDLED_BYTES, tilePath } from './tlog-tiles.ts'

test.each([
  [0, 0, null, 'tile/0/000'],
  [0, 273, 112, 'tile/0/273.p/112'],
  [1, 999, null, 'tile/1/999'],
  [2, 1000, 1, 'tile/2/x001/000.p/1'],
  ['entries', 1_234_067, null, 'tile/entries/x001/x234/067'],
] as const)('level %s, index %s, width %s: %s', (level, index, width, path) =>
  expect(tilePath(level, index, width)).toBe(path),
)

test('an entry in a bundle has its length in bytes before it, and none is longer than that can say', () => {
  expect(bundled('aé')).toEqual(Uint8Array.of(0, 3, 0x61, 0xc3, 0xa9))
  expect(bundled('x'.repeat(MAX_BUNDLED_BYTES))?.subarray(0, 3)).toEqual(Uint8Array.of(0xff, 0xff, 0x78))
  expect(bundled('x'.repeat(MAX_BUNDLED_BYTES + 1))).toBeNull()
})
