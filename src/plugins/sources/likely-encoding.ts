/**
 * What the bytes of a record may be that are not valid UTF-8: a guess for people, from that record's bytes alone, so that reading it
 * again says the same. Nothing is decoded because of it.
 */
import { isUtf8 } from 'node:buffer'

/** In bytes: enough for a guess, however long the record is. */
const LOOKED_AT = 4096

/** @returns a label of the Encoding Standard; null if nothing speaks for one: damaged UTF-8, code pages of DOS. */
export function likelyEncoding(record: Buffer): string | null {
  const bytes = record.subarray(0, LOOKED_AT)
  if (isNearlyUtf8(bytes)) return null
  const runs = highRuns(bytes)
  const in_pairs = runs.every(run => run.length % 2 === 0) && runs.some(run => run.length >= 4)
  if (isJapanese(bytes, 'shift_jis')) return 'shift_jis'
  if (in_pairs && isJapanese(bytes, 'euc-jp')) return 'euc-jp'
  if (in_pairs && leadsWithin(runs, 0xb0, 0xc8)) return 'euc-kr'
  if (in_pairs && leadsWithin(runs, 0xb0, 0xd7)) return 'gb18030'
  if (isBig5(bytes)) return 'big5'
  const high = runs.reduce((sum, run) => sum + run.length, 0)
  if (high >= 3 * runs.length && bytes.every(byte => byte < 0x80 || byte >= 0xc0 || byte === 0xa8 || byte === 0xb8))
    return 'windows-1251'
  // In it these five stand for nothing.
  return bytes.some(byte => [0x81, 0x8d, 0x8f, 0x90, 0x9d].includes(byte)) ? null : 'windows-1252'
}

/** Cut within its last character, or with as many characters that are right as are wrong. */
function isNearlyUtf8(bytes: Buffer): boolean {
  for (const cut of [2, 3]) {
    const end = bytes.length - cut
    const first = bytes[end]
    if (first === undefined || first < 0xc2 || !isUtf8(bytes.subarray(0, end))) continue
    if (bytes.subarray(end + 1).every(byte => byte >= 0x80 && byte < 0xc0)) return true
  }
  const text = bytes.toString('utf8').replace(/[\0-\x7f]/g, '')
  const wrong = text.split('\ufffd').length - 1
  return text.length - wrong >= wrong
}

/** Bytes from 0x80 on that stand together. */
function highRuns(bytes: Buffer): readonly Buffer[] {
  const runs: Buffer[] = []
  let start = -1
  for (let at = 0; at <= bytes.length; at++) {
    const high = (bytes[at] ?? 0) >= 0x80
    if (high && start < 0) start = at
    if (high || start < 0) continue
    runs.push(bytes.subarray(start, at))
    start = -1
  }
  return runs
}

function decoded(bytes: Buffer, label: string): string | null {
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes, { stream: true })
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}

/** Two signs of a syllabary at least, and half of all. Half-width ones are what single letters of the West look like. */
function isJapanese(bytes: Buffer, label: string): boolean {
  const text = decoded(bytes, label)
  const other = text?.match(/[^\0-\x7f]/gu)?.length ?? 0
  const kana = text?.match(/[\u3040-\u30ff]/gu)?.length ?? 0
  return kana >= 2 && kana * 3 >= other && !/[\uff61-\uff9f]/.test(text ?? '')
}

/** Whether nine in ten pairs of these runs begin with such a byte: the area of what is written most. */
function leadsWithin(runs: readonly Buffer[], low: number, high: number): boolean {
  const leads = runs.flatMap(run => [...run].filter((_byte, index) => index % 2 === 0))
  return leads.filter(byte => byte >= low && byte <= high).length * 10 >= leads.length * 9
}

function isBig5(bytes: Buffer): boolean {
  const text = decoded(bytes, 'big5')
  const signs = text?.match(/[^\0-\x7f]/gu) ?? []
  const leads = [...bytes].filter(byte => byte >= 0xa4 && byte <= 0xc6).length
  return signs.length >= 3 && signs.every(sign => /[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]/u.test(sign)) && leads >= 3
}
