/** Examples of the `llm` transform: the conformance kit runs them, and the docs show them. */
import type { CallAnswer } from '../../sdk/call.ts'
import type { PluginExample } from '../../sdk/spec.ts'

const answered = (text: string): CallAnswer => ({
  kind: 'answer',
  response: { text, finish_reason: 'stop' },
  usage: { input_tokens: 40, output_tokens: 12 },
})

const LOCAL = { provider: 'compatible', base_url: 'http://127.0.0.1:8080/v1', model: 'qwen3-8b' }

export const llmExamples: readonly PluginExample[] = [
  {
    title: 'A summary, by a model server on this machine',
    options: { ...LOCAL, system: 'You write one sentence.', prompt: 'Summarise: {{ text }}', field: 'summary' },
    rows_in: [
      { id: 1, text: 'The lift is broken again.' },
      { id: 2, text: null },
    ],
    rows_out: [{ id: 1, text: 'The lift is broken again.', summary: 'A lift is out of order.' }],
    errors: ['LLM_TEMPLATE'],
    answers: [answered('A lift is out of order.')],
  },
  {
    title: 'Fields by a schema; what doesn’t fit is repaired once',
    options: {
      ...LOCAL,
      temperature: 0,
      prompt: 'How does the writer feel, from 1 (bad) to 5? {{ row.text }}',
      schema: { sentiment: { enum: ['good', 'bad'] }, score: 'integer', quote: 'string?' },
    },
    rows_in: [{ text: 'I love it' }],
    rows_out: [{ text: 'I love it', sentiment: 'good', score: 5, quote: null }],
    answers: [
      answered('{"sentiment": "glad", "score": 5, "quote": null}'),
      answered('```json\n{"sentiment": "Good", "score": "5", "quote": null}\n```'),
    ],
  },
  {
    title: 'Two questions at once, their prompts in files',
    options: {
      ...LOCAL,
      parameters: { kinds: { file: 'kinds.yaml' } },
      queries: {
        kind: { prompt: { file: 'prompts/kind.liquid' }, schema: { name: 'string', sure: 'boolean' } },
        reply: { prompt: 'Draft a reply to: {{ text }}' },
      },
    },
    files: {
      'kinds.yaml': '- complaint\n- praise\n',
      'prompts/kind.liquid': 'Which of {{ parameters.kinds | join: ", " }} is this? {{ text }}\n',
    },
    rows_in: [{ text: 'Too slow!' }],
    rows_out: [{ text: 'Too slow!', kind: { name: 'complaint', sure: true }, reply: 'We are sorry.' }],
    answers: [answered('{"name": "complaint", "sure": true}'), answered('We are sorry.')],
  },
]
