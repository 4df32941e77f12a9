import { Hono } from 'hono'
import { expect, test } from 'vitest'
import type { AccessLog } from './access/access-log.ts'
import { RecordedAnswers } from './access/recorded-answers.ts'
import type { Answering } from './answering.ts'
import { evidenceRoutes } from './routes/evidence.ts'
import { MOST_OF_ALL, MOST_OF_ONE, Verifications } from './verifications.ts'
import type { Who } from './who.ts'

const as = (csrf: string): Who => ({ user: 'ann', role: 'viewer', by: { kind: 'cookie', csrf } })
const REFUSED = { code: 'CUSTODY_TOO_MANY', wait_ms: expect.any(Number) }

/** Verifications that last until nobody listens any more, asked for at the route. */
class World {
  under_way = 0
  readonly app = new Hono()

  constructor() {
    const ask = (_kind: string, _params: object, { signal }: { signal: AbortSignal }) => {
      this.under_way += 1
      return new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => {
          this.under_way -= 1
          reject(signal.reason)
        })
      })
    }
    const verifications = new Verifications()
    // cast: only what is asked for is there; a viewer's look is never recorded.
    const ports = { answers: { ask } as unknown as Answering, log: {} as AccessLog, verifications }
    const route = evidenceRoutes(who => new RecordedAnswers(ports, who), '').find(({ path }) => path === '/verify/live')
    this.app.get('/:who', async context => {
      const { signal } = context.req.raw
      const asked = { params: {}, query: {}, body: undefined, who: as(context.req.param('who')), signal, context }
      const answer = await route?.answer(asked)
      return answer !== undefined && 'response' in answer ? answer.response : context.text('', 500)
    })
    this.app.onError((error, context) => context.json(error, 429))
  }

  async listen(who: string): Promise<ReadableStream | null> {
    const response = await this.app.request(`/${who}`)
    return response.status === 200 ? response.body : null
  }
}

test('each has a few at once, and so have all; whoever goes ends theirs, and makes room', async () => {
  const world = new World()
  const own = [await world.listen('ann'), await world.listen('ann')]
  expect([own.length, world.under_way]).toEqual([MOST_OF_ONE, MOST_OF_ONE])
  expect(await world.listen('ann')).toBe(null)
  for (let i = MOST_OF_ONE; i < MOST_OF_ALL; i++) expect(await world.listen(`other ${i}`)).not.toBe(null)
  expect(await world.listen('bea')).toBe(null)
  await own[0]?.cancel()
  expect(world.under_way).toBe(MOST_OF_ALL - 1)
  expect(await world.listen('bea')).not.toBe(null)
})

test('one that fails makes room, too', async () => {
  const verifications = new Verifications()
  const failing = () => verifications.counted(as('x'), () => Promise.reject(new Error('no ledger')))
  for (let i = 0; i <= MOST_OF_ALL; i++) await expect(failing()).rejects.toThrow('no ledger')
  const endless = Array.from({ length: MOST_OF_ONE }, () =>
    verifications.counted(as('x'), () => Promise.withResolvers<never>().promise),
  )
  expect(endless).toHaveLength(MOST_OF_ONE)
  expect(() => verifications.refuseOneTooMany(as('x'))).toThrow(expect.objectContaining(REFUSED))
})
