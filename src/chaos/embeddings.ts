/** Embeddings in the form of OpenAI's API: vectors of length 1 that follow from their text alone. */
import { z } from 'zod'
import type { Json } from '../model/row.ts'
import { issueText, tokensIn } from './chat-request.ts'
import { Random } from './random.ts'
import { badRequest, jsonReply, type Reply } from './reply.ts'

const DIMENSIONS = 16

const EMBEDDINGS = z.looseObject({
  model: z.string(),
  input: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  encoding_format: z.enum(['float', 'base64']).default('float'),
  dimensions: z.int().min(1).max(4096).default(DIMENSIONS),
})

export function embeddingsReply(body: Json, seed: number): Reply {
  const parsed = EMBEDDINGS.safeParse(body)
  if (!parsed.success) return badRequest(issueText(parsed.error))
  const { model, input, encoding_format, dimensions } = parsed.data
  const texts = typeof input === 'string' ? [input] : input
  const tokens = texts.reduce((sum, text) => sum + tokensIn(text), 0)
  const data = texts.map((text, index) => {
    const vector = vectorOf(text, seed, dimensions)
    return { object: 'embedding', index, embedding: encoding_format === 'float' ? vector : base64(vector) }
  })
  return jsonReply(200, { object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } })
}

function vectorOf(text: string, seed: number, dimensions: number): readonly number[] {
  const random = new Random(`${seed} ${text}`)
  const vector = Array.from({ length: dimensions }, () => random.next() * 2 - 1)
  const length = Math.hypot(...vector)
  return vector.map(each => each / length)
}

function base64(vector: readonly number[]): string {
  return Buffer.from(Float32Array.from(vector).buffer).toString('base64')
}
