/** The `http` source. */
import type { CallAnswer } from '../../sdk/call.ts'
import { defineSource } from '../../sdk/define.ts'
import { WEB_ERRORS } from '../web/failures.ts'
import { REQUEST_ERRORS } from '../web/request.ts'
import { BODY_ERRORS } from '../web/response.ts'
import { httpSourceOptions, httpSourceProblems, serviceOf } from './http-options.ts'
import { PAGE_ERRORS } from './http-page.ts'
import { HttpSource } from './http-source.ts'
import { JSON_VALUE_ERRORS } from './json-value.ts'

const answered = (body: string, headers: { readonly [name: string]: string } = {}): CallAnswer => ({
  kind: 'answer',
  response: { status: 200, headers: { 'content-type': 'application/json', ...headers }, body },
})

export const httpSource = defineSource({
  name: 'http',
  summary: 'Reads the pages of a web service',
  description: [
    'Each page is a call on record, with its answer: a run that is resumed asks for no page again whose answer is there, and a replay needs no',
    'network. How pages follow each other, what ends them and what stops the run: [reading from the web](http-source.md).',
    '',
    'Pages are asked for one after another. What failed is asked again as the pipeline’s `retry` says; limits are those of the service, in',
    '`limits.services`. A next page at another origin than that of `url` isn’t asked for.',
    '',
    'A record that is no object is a rejected record of its own.',
  ].join('\n'),
  options: httpSourceOptions,
  determinism: 'external',
  errors: { ...JSON_VALUE_ERRORS, ...PAGE_ERRORS, ...BODY_ERRORS, ...REQUEST_ERRORS, ...WEB_ERRORS },
  examples: [
    {
      title: 'A cursor in each page says where the next one is',
      options: {
        url: 'https://desk.example/v1/tickets',
        query: { state: 'open' },
        records: '/data',
        pages: { by: 'cursor', at: '/meta/next', param: 'after' },
      },
      answers: [
        answered('{"data":[{"id":1},{"id":2},"three"],"meta":{"next":"c2"}}'),
        answered('{"data":[{"id":4}],"meta":{"next":null}}'),
      ],
      rows_out: [{ id: 1 }, { id: 2 }, { id: 4 }],
      errors: ['NOT_AN_OBJECT'],
    },
    {
      title: 'Numbered pages, until one has fewer than 100 records',
      options: { url: 'https://shop.example/orders', pages: { by: 'page', param: 'page', size: 100 } },
      answers: [answered('[{"id":1,"total":9.5}]')],
      rows_out: [{ id: 1, total: 9.5 }],
    },
    {
      title: 'Link headers',
      options: { url: 'https://forge.example/issues', pages: { by: 'link' } },
      answers: [
        answered('[{"id":1}]', { link: '</issues?page=2>; rel="next", </issues?page=9>; rel="last"' }),
        answered('[{"id":2}]'),
      ],
      rows_out: [{ id: 1 }, { id: 2 }],
    },
    {
      title: 'A search by POST, with the offset in its body',
      options: {
        url: 'https://search.example/find',
        method: 'POST',
        body: { text: 'leak', window: { size: 2 } },
        records: '/hits',
        pages: { by: 'offset', param: '/window/from', limit_param: '/window/size', limit: 2 },
      },
      answers: [answered('{"hits":[{"id":1},{"id":2}]}'), answered('{"hits":[{"id":3}]}')],
      rows_out: [{ id: 1 }, { id: 2 }, { id: 3 }],
    },
    {
      title: 'JSON Lines in one piece',
      options: { url: 'https://export.example/events.jsonl', format: 'jsonl' },
      answers: [answered('{"n":1}\n\n[2]\n{"n":3}\n')],
      rows_out: [{ n: 1 }, { n: 3 }],
      errors: ['NOT_AN_OBJECT'],
    },
  ],
  check: httpSourceProblems,
  services: options => [serviceOf(options)],
  rereadable: () => true,
  textual: false,
  create: (options, context) => new HttpSource(options, context),
})
