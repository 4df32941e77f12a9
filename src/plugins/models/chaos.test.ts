/** What the chaos peer does, as a model's client hears it: each of its faults has its code, and no part of an answer gets through. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { askOnce } from '../../../test/support/ask-model.ts'
import type { FaultKind } from '../../chaos/faults.ts'
import { startChaosPeer } from '../../chaos/peer.ts'
import { modelOptions } from './model-options.ts'
import { type OutputShape, outputShape } from './output-shape.ts'
import { outputValue } from './output-value.ts'

const type = z.strictObject(modelOptions)
const shape = outputShape({ label: 'string', count: 'integer' }) as OutputShape
const TRIES = 12

/** What follows from asking a peer that always makes this fault, in several of its ways. */
async function heard(fault: FaultKind, more: object = {}): Promise<readonly string[]> {
  const peer = await startChaosPeer({ faults: { [fault]: 1 }, drip: { bytes: 64, pause_ms: 1 } })
  onTestFinished(() => peer.close())
  const codes = new Set<string>()
  for (let seed = 0; seed < TRIES; seed++) {
    const options = type.parse({ provider: 'compatible', base_url: peer.api_url, model: 'm', seed, ...more })
    const { answer } = await askOnce(options, shape)
    if (answer.kind === 'failure') codes.add(answer.code)
    else codes.add(outputValue((answer.response as { text: string }).text, shape).ok ? 'fits' : 'doesn’t fit')
  }
  expect(peer.requests.map(request => request.fault)).toEqual(Array(TRIES).fill(fault))
  return [...codes].sort()
}

describe('a fault of the chaos peer', () => {
  test.each<[FaultKind, readonly string[]]>([
    ['rate_limited', ['LLM_RATE_LIMITED']],
    ['server_error', ['LLM_SERVER']],
    ['reset', ['LLM_NETWORK']],
    ['malformed', ['LLM_MALFORMED']],
    ['cut_body', ['LLM_MALFORMED']],
    ['short_body', ['LLM_NETWORK']],
    ['drip', ['fits']],
    ['truncated', ['LLM_LENGTH']],
    ['malformed_answer', ['doesn’t fit']],
    ['wrong_schema', ['doesn’t fit']],
    ['refusal', ['LLM_REFUSAL']],
    ['content_filter', ['LLM_CONTENT_FILTER']],
    ['odd_finish', ['LLM_INCOMPLETE', 'LLM_SERVER']],
    ['error_in_body', ['LLM_RATE_LIMITED', 'LLM_SERVER']],
    ['odd_usage', ['fits']],
    ['wrapped_answer', ['fits']],
    ['unasked_stream', ['fits']],
    ['wrong_encoding', ['LLM_MALFORMED']],
    ['unauthorized', ['LLM_AUTH']],
    ['no_quota', ['LLM_QUOTA']],
  ])('%s', async (fault, expected) => expect(await heard(fault)).toEqual(expected))
})
