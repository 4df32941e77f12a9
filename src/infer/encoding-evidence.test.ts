import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EncodingEvidence, type EncodingGuess } from './encoding-evidence.ts'

function guess(bytes: Buffer, pieces = bytes.length): EncodingGuess {
  const evidence = new EncodingEvidence()
  for (let at = 0; at < bytes.length; at += pieces) evidence.push(bytes.subarray(at, at + pieces))
  return evidence.guess()
}

const latin1 = (text: string) => Buffer.from(text, 'latin1')

test.each<[string, Buffer, Partial<EncodingGuess>]>([
  ['ASCII', Buffer.from('a\nb\n'), { kind: 'certain', label: 'utf-8' }],
  ['UTF-8', Buffer.from('Müller\n'), { kind: 'certain', label: 'utf-8' }],
  ['a byte order mark', Buffer.from('\ufeffa', 'utf16le'), { kind: 'certain', label: 'utf-16le' }],
  ['UTF-16 without one', Buffer.from('id,name\n1,x\n', 'utf16le'), { kind: 'guess', label: 'utf-16le' }],
  ['the other UTF-16', Buffer.from('id,name\n1,x\n', 'utf16le').swap16(), { kind: 'guess', label: 'utf-16be' }],
  ['an office’s', latin1('Name\nMüller\nGroß\n'), { kind: 'guess', label: 'windows-1252', bad_lines: 2 }],
  [
    'UTF-8 with a damaged line',
    Buffer.concat([Buffer.from('Müller\nGroß\n'), latin1('Weiß\n')]),
    { kind: 'damaged', label: 'utf-8', bad_lines: 1 },
  ],
])('%s', (_what, bytes, expected) => expect(guess(bytes)).toMatchObject(expected))

test('does not depend on how bytes come', () => {
  const line = fc.oneof(
    fc.string({ unit: 'grapheme' }).map(text => Buffer.from(text)),
    fc.uint8Array().map(Buffer.from),
  )
  fc.assert(
    fc.property(fc.array(line), fc.integer({ min: 4, max: 9 }), (lines, pieces) => {
      const bytes = Buffer.concat(lines.flatMap(each => [each, Buffer.from('\n')]))
      expect(guess(bytes, pieces)).toMatchObject({ label: guess(bytes).label })
    }),
  )
})
