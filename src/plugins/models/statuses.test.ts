import { describe, expect, test } from 'vitest'
import { type Judged, judged } from './statuses.ts'

const of = (status: number, said: object | string, headers = {}): Judged =>
  judged({ status, body: typeof said === 'string' ? said : JSON.stringify(said), headers })
const error = (message: string, more: object = {}) => ({ error: { message, ...more } })
const PAGE = '<html><title>Attention Required! | Cloudflare</title></html>'

describe('what no row can fix stops the run', () => {
  test.each<[string, Judged, object]>([
    ['a wrong key', of(401, error('Incorrect API key provided')), { code: 'LLM_AUTH', stops: 'auth' }],
    [
      'a wrong key, as 400',
      of(400, error('API key not valid.', { status: 'INVALID_ARGUMENT' })),
      { code: 'LLM_AUTH', stops: 'auth' },
    ],
    ['a key without rights', of(403, error('Your API key lacks permission')), { code: 'LLM_AUTH', stops: 'auth' }],
    [
      'a token that has expired',
      of(403, { message: 'The security token is expired' }, { 'x-amzn-errortype': 'ExpiredTokenException:http' }),
      { code: 'LLM_AUTH', stops: 'auth' },
    ],
    [
      'a region that isn’t served',
      of(403, error('Country, region, or territory not supported', { code: 'unsupported_country_region_territory' })),
      { code: 'LLM_FORBIDDEN', stops: 'auth', why: expect.stringContaining('region') },
    ],
    [
      'a model that the key may not use',
      of(403, { message: "You don't have access to the model with the specified model ID." }),
      { code: 'LLM_FORBIDDEN', stops: 'model', why: expect.stringContaining('no access to this model') },
    ],
    ['no money', of(402, error('Insufficient credits')), { code: 'LLM_QUOTA', stops: 'quota' }],
    ['no money, as 400', of(400, error('Your credit balance is too low to access the API.')), { stops: 'quota' }],
    ['no quota', of(429, error('You exceeded it', { code: 'insufficient_quota' })), { stops: 'quota' }],
    [
      'a day’s quota, whatever is said of trying again',
      of(
        429,
        error('Please retry in 40s.', { details: [{ violations: [{ quotaId: 'GenerateRequestsPerDayPerModel' }] }] }),
      ),
      { code: 'LLM_QUOTA', stops: 'quota' },
    ],
    [
      'a day’s limit without a time',
      of(429, error('Rate limit reached: requests per day (RPD): 200')),
      { stops: 'quota' },
    ],
    ['no such model', of(404, error('The model `x` has been deprecated')), { code: 'LLM_NO_MODEL', stops: 'model' }],
    ['no such deployment', of(404, error('None', { code: 'DeploymentNotFound' })), { stops: 'model' }],
    ['no such address', of(404, 'page not found'), { code: 'LLM_NO_MODEL', stops: 'model' }],
    ['no such model, as 400', of(400, error('acme/x is not a valid model ID')), { stops: 'model' }],
  ])('%s', (_what, is, expected) => {
    expect(is).toMatchObject({ ...expected, unbilled: true })
  })
})

describe('what is the row’s own error stops nothing', () => {
  test.each<[string, Judged, string]>([
    ['flagged input', of(403, error('Your input was flagged', { metadata: { reasons: ['x'] } })), 'LLM_CONTENT_FILTER'],
    ['a filtered prompt', of(400, error('filtered', { code: 'content_filter' })), 'LLM_CONTENT_FILTER'],
    ['a code that is mentioned only', of(400, error("Invalid schema 'content_filter_result'")), 'LLM_BAD_REQUEST'],
    ['a setting that isn’t taken', of(400, error('temperature is not supported with this model')), 'LLM_BAD_REQUEST'],
    [
      'a prompt that is too long',
      of(400, error('maximum context length', { code: 'context_length_exceeded' })),
      'LLM_BAD_REQUEST',
    ],
    [
      'more than a minute may have',
      of(429, error('Request too large for model-1 on tokens per min')),
      'LLM_BAD_REQUEST',
    ],
    ['what nobody explains', of(403, error('blocked by our policy')), 'LLM_FORBIDDEN'],
    [
      'words of the row, far behind the service’s',
      of(400, error(`can’t be read: ${'x'.repeat(600)} the model was not found`)),
      'LLM_BAD_REQUEST',
    ],
  ])('%s', (_what, is, code) => {
    expect(is).toEqual({ code, unbilled: true })
  })
})

describe('a service that is down, or asks to be left alone', () => {
  test.each<[string, Judged, object]>([
    ['500', of(500, error('oops')), { code: 'LLM_SERVER', outage: true }],
    ['503', of(503, error('loading')), { code: 'LLM_SERVER', outage: true }],
    ['524', of(524, PAGE), { code: 'LLM_SERVER', outage: true }],
    ['529', of(529, error('full')), { code: 'LLM_SERVER', outage: true }],
    ['408', of(408, error('too slow')), { code: 'LLM_TIMEOUT', outage: true }],
    [
      'a firewall, which may turn everybody away',
      of(403, PAGE),
      { code: 'LLM_FORBIDDEN', outage: true, unbilled: true, why: expect.any(String) },
    ],
    [
      '503 with a time',
      of(503, '', { 'retry-after': '2' }),
      { code: 'LLM_RATE_LIMITED', throttled: true, retry_after_ms: 2000, unbilled: true },
    ],
    [
      '529 with a time',
      of(529, '', { 'retry-after': '2' }),
      { code: 'LLM_RATE_LIMITED', throttled: true, retry_after_ms: 2000, unbilled: true },
    ],
    [
      'overloaded',
      of(529, { type: 'error', error: { type: 'overloaded_error' } }),
      { code: 'LLM_RATE_LIMITED', throttled: true, unbilled: true },
    ],
    [
      'throttled, as 400',
      of(400, '', { 'x-amzn-errortype': 'ThrottlingException' }),
      { code: 'LLM_RATE_LIMITED', throttled: true, unbilled: true },
    ],
    ['498', of(498, ''), { code: 'LLM_RATE_LIMITED', throttled: true, unbilled: true }],
    ['a gateway’s own trouble', of(424, error('dependency')), { code: 'LLM_SERVER' }],
    ['what isn’t JSON', of(200, 'Well'), { code: 'LLM_MALFORMED' }],
  ])('%s', (_what, is, expected) => {
    expect(is).toEqual(expected)
  })

  test.each<[string, object, object, number | undefined]>([
    ['a header', error('slow'), { 'retry-after': '7' }, 7_000],
    ['Google’s details', error('slow', { details: [{ retryDelay: '40s' }] }), {}, 40_000],
    ['a message in seconds', error('Please retry after 3 seconds.'), {}, 3_000],
    ['a message in parts', error('Limit reached. Please try again in 6m0.5s.'), {}, 360_500],
    ['a message in milliseconds', error('Please try again in 120ms.'), {}, 120],
    ['a day’s limit with a time', error('requests per day (RPD). Please try again in 7m12s.'), {}, 432_000],
    ['what is used up', error('slow'), { 'x-ratelimit-reset-tokens': '3' }, 3_000],
    ['nothing', error('slow'), {}, undefined],
  ])('how long: %s', (_what, said, headers, retry_after_ms) => {
    const { retry_after_ms: is, ...rest } = of(429, said, headers)
    expect(rest).toEqual({ code: 'LLM_RATE_LIMITED', throttled: true, unbilled: true })
    expect(is).toBe(retry_after_ms)
  })
})
