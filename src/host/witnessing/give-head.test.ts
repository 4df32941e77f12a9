import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { opening, testPorts } from '../../../test/support/ledger.ts'
import { parseAddCheckpoint } from '../../format/add-checkpoint.ts'
import { makeCosigner } from '../../format/cosigning-key.ts'
import { parsePolicy } from '../../format/policy.ts'
import { makeSigner } from '../../format/signing-key.ts'
import { parseVerifierKey } from '../../format/verifier-key.ts'
import type { Remembered } from '../../ledger/keys/trust.ts'
import { openLedger, openLedgerReader, openWitnessing } from '../../ledger/open.ts'
import { verifyLedger } from '../../read/verify/verify.ts'
import { addCheckpoint, type WitnessPorts } from '../../witness/answer.ts'
import { parseKnownKey } from '../../witness/logs.ts'
import { witnessServer } from '../../witness/server.ts'
import { SqliteHeads } from '../../witness/store.ts'
import type { Alarm } from './alarms.ts'
import { Companion } from './companion.ts'
import { giveHead, type HeadGiven, type WitnessingPorts } from './give-head.ts'
import { type PostAnswer, Unreachable, webPost } from './post.ts'

const seed = (n: number) => new Uint8Array(32).fill(n)
const signer = makeSigner('custody/0a0a0a0a', seed(2), seed(2))
const cosigner = makeCosigner('w.example', { ed25519: seed(1), 'ml-dsa-44': seed(1) })
const second = makeCosigner('v.example', { ed25519: seed(4) })
const POLICY = `witness W ${cosigner.keys[0]?.text} https://w.example/
witness W-pq ${cosigner.keys[1]?.text} https://w.example/
witness V ${second.keys[0]?.text} https://v.example
group both all W V
quorum both
`
const policy = parsePolicy(Buffer.from(POLICY))
const settings = { policy, timestamps: null }
const run = (n: number) => `019b7c1a-0000-7000-8000-${`${n}`.padStart(12, '0')}`

let folder: string
let url: string
let stores: SqliteHeads[]
let ledger_ports: ReturnType<typeof testPorts>
let alarms: Map<string, Alarm>
let asked: { url: string; old_size: number | undefined }[]
let now_s: number
let remembered: Remembered | null

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'custody-give-'))
  url = `sqlite:${join(folder, 'custody.db')}`
  stores = ['w', 'v'].map(each => new SqliteHeads(join(folder, each)))
  ledger_ports = testPorts('give', signer)
  alarms = new Map()
  asked = []
  now_s = 1_800_000_000
  remembered = null
  await append(1)
})
afterEach(() => {
  for (const store of stores) store.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Opens another run: one entry more in log 0, beside the birth. */
async function append(n: number): Promise<void> {
  const ledger = await openLedger(url, ledger_ports, { create: true })
  await (await ledger.openRun(run(n), opening(run(n)))).release()
  await ledger.close()
}

const witness = (at: number, logs = signer.verifier_keys): WitnessPorts => ({
  cosigner: at === 0 ? cosigner : second,
  logs: logs.map(parseKnownKey),
  store: stores[at] as SqliteHeads,
  now_s: () => now_s,
})
type Fault = (url: string, body: string) => PostAnswer | null
const status = (status: number, body = ''): PostAnswer => ({ status, type: '', body: Buffer.from(body) })

function ports(fault: Fault = () => null): WitnessingPorts {
  return {
    now_us: () => now_s * 1_000_000,
    memory: {
      recall: () => remembered,
      replace: (_ledger, _before, after) => {
        remembered = after
        return true
      },
    },
    alarms: {
      standing: (origin, of) => (alarms.has(`${origin} ${of}`) ? 'ALARM' : null),
      raise: alarm => {
        alarms.set(`${alarm.origin} ${alarm.url}`, alarm)
        return 'ALARM'
      },
    },
    post: async (to, _type, body) => {
      asked.push({ url: to, old_size: parseAddCheckpoint(`${body}`)?.old_size })
      const answer = fault(to, `${body}`) ?? addCheckpoint(`${body}`, witness(to.includes('w.example') ? 0 : 1))
      return { status: answer.status, type: answer.type, body: Buffer.from(answer.body) }
    },
  }
}

async function give(fault?: Fault, of = url): Promise<HeadGiven> {
  const ledger = await openWitnessing(of)
  try {
    return await giveHead(ledger, settings, ports(fault))
  } finally {
    await ledger.close()
  }
}

async function verified(by = policy) {
  const reader = await openLedgerReader(url)
  try {
    const keys = signer.verifier_keys.map(parseVerifierKey)
    return await verifyLedger(reader, { keys, policy: by })
  } finally {
    await reader.close()
  }
}

const only =
  (part: string, answer: PostAnswer): Fault =>
  to =>
    to.includes(part) ? answer : null

describe('a head', () => {
  test('is given to all witnesses, once; each later one from where they are', async () => {
    expect(await give()).toMatchObject({ size: 2, witnessed_by: ['W', 'W-pq', 'V'], quorum: true, troubles: [] })
    expect(asked.map(each => [each.url, each.old_size])).toEqual([
      ['https://w.example/add-checkpoint', 0],
      ['https://v.example/add-checkpoint', 0],
    ])
    asked = []
    expect(await give()).toMatchObject({ quorum: true, troubles: [] })
    expect(asked).toEqual([])
    await append(2)
    now_s += 100
    expect(await give()).toMatchObject({ size: 3, quorum: true, troubles: [] })
    expect(asked.map(each => each.old_size)).toEqual([2, 2])
    const result = await verified()
    expect(result.witnessed).toEqual({
      size: 3,
      by: ['W', 'W-pq', 'V'].map(name => ({ witness: name, at: now_s })),
    })
    expect(result.ledger.checks.flatMap(each => each.problems)).toEqual([])
  })
  test('is witnessed by those whom a policy knows that pins its key, or none; not by one that pins another', async () => {
    await give()
    const pinning = (key: string) => parsePolicy(Buffer.from(`log ${key}\n${POLICY}`))
    expect((await verified(pinning(signer.verifier_key))).witnessed).toMatchObject({ size: 2 })
    const other = makeSigner(signer.name, seed(3)).verifier_key
    expect((await verified(pinning(other))).witnessed).toBeUndefined()
  })
  test('that one of them missed is caught up with, and until then the quorum isn’t there', async () => {
    const without = await give(only('v.example', status(503)))
    expect(without).toMatchObject({ witnessed_by: ['W', 'W-pq'], quorum: false, alarms: [] })
    expect(without.troubles).toEqual([
      'witness V (https://v.example) answers with status 503; it is given the next head, or this one by `custody witness --catch-up`',
    ])
    expect((await verified()).witnessed).toBeUndefined()
    expect(await give()).toMatchObject({ witnessed_by: ['W', 'W-pq', 'V'], quorum: true, troubles: [] })
    expect((await verified()).witnessed?.by.map(each => each.witness)).toEqual(['W', 'W-pq', 'V'])
  })
})

describe('what a witness can answer', () => {
  test.each<readonly [what: string, fault: PostAnswer, trouble: string]>([
    ['500', status(500), 'answers with status 500'],
    ['a redirection', status(307), 'answers with status 307'],
    ['no signature', status(200, 'thank you\n'), 'isn’t a cosignature'],
    ['a conflict without a size', status(409, 'conflict\n'), 'doesn’t say at which size'],
    ['a conflict at the size it was asked from', status(409, '0\n'), 'at the size that it was asked from'],
    [
      'only keys that nobody knows',
      status(200, `— x ${Buffer.alloc(76, 7).toString('base64')}\n`),
      'without a cosignature by the key',
    ],
    [
      'a cosignature that isn’t one',
      status(
        200,
        `— w.example ${Buffer.from([...Buffer.from(cosigner.keys[0]?.hash ?? '', 'hex'), ...Buffer.alloc(72, 7)]).toString('base64')}\n`,
      ),
      'isn’t one of this head',
    ],
  ])('%s: a warning, and nothing is kept', async (_what, fault, trouble) => {
    const given = await give(only('w.example', fault))
    expect(given).toMatchObject({ witnessed_by: ['V'], quorum: false, alarms: [] })
    expect(given.troubles.join()).toContain(trouble)
    expect(alarms.size).toBe(0)
    expect(await give()).toMatchObject({ quorum: true, troubles: [] })
  })

  test.each([403, 404])('%i: how the key is registered', async code => {
    const { troubles, alarms: raised, origin } = await give(only('w.example', status(code)))
    expect(troubles.join()).toContain(`--log '${origin} ${signer.verifier_key}'`)
    for (const key of signer.verifier_keys) expect(troubles.join()).toContain(key)
    expect(raised).toEqual([])
  })

  test('a conflict at a size that the log had: it is asked again from there', async () => {
    await give()
    await append(2)
    // It cosigned a head whose cosignature was never kept here.
    await give((to, body) => {
      if (to.includes('w.example')) addCheckpoint(body, witness(0))
      return status(503)
    })
    asked = []
    expect(await give()).toMatchObject({ quorum: true, troubles: [] })
    expect(asked.filter(each => each.url.includes('w.example')).map(each => each.old_size)).toEqual([2, 3])
    // One that forgot continues from what it has.
    stores[1]?.close()
    rmSync(join(folder, 'v'), { recursive: true })
    stores[1] = new SqliteHeads(join(folder, 'v'))
    await append(3)
    asked = []
    expect(await give()).toMatchObject({ quorum: true, troubles: [] })
    expect(asked.filter(each => each.url.includes('v.example')).map(each => each.old_size)).toEqual([3, 0])
  })

  test('one that is overtaken again and again is left for later', async () => {
    let size = 0
    const { troubles } = await give(to => {
      if (!to.includes('w.example')) return null
      size = 1 - size
      return status(409, `${size}\n`)
    })
    expect(troubles.join()).toContain('was overtaken 4 times')
  })
})

describe('an alarm', () => {
  test.each<readonly [what: string, answer: PostAnswer, text: string]>([
    ['a conflict at a larger size', status(409, '9\n'), 'it has cosigned a head of 9 entries, and there are 2'],
    ['a proof that is refused', status(422), 'it refuses the proof that 2 entries extend the 0'],
  ])('%s is remembered, and the witness isn’t asked again', async (_what, answer, text) => {
    const given = await give(only('w.example', answer))
    expect(given.alarms).toHaveLength(1)
    expect(given.alarms.join()).toContain(text)
    expect([...alarms.values()]).toMatchObject([
      { url: 'https://w.example/', note: expect.stringContaining('custody/') },
    ])
    asked = []
    await append(2)
    const later = await give()
    expect(later).toMatchObject({ witnessed_by: ['V'], quorum: false })
    expect(later.alarms.join()).toContain('remove the file')
    expect(asked.map(each => each.url)).toEqual(['https://v.example/add-checkpoint'])
    alarms.clear()
    expect(await give()).toMatchObject({ quorum: true })
  })

  test('a ledger that was rolled back, and one that was forked', async () => {
    const { copyFileSync } = await import('node:fs')
    const copy = join(folder, 'copy.db')
    copyFileSync(join(folder, 'custody.db'), copy)
    await append(2)
    await give()
    expect((await give(undefined, `sqlite:${copy}`)).alarms.join()).toContain('3 entries, and there are 2')
    alarms.clear()
    url = `sqlite:${copy}`
    // On another machine.
    remembered = null
    await append(5)
    expect((await give()).alarms.join()).toContain('refuses the proof')
  })

  test('none is raised where another process has given a larger head meanwhile', async () => {
    let grown: Promise<void> | null = null
    const ledger = await openWitnessing(url)
    const { post, ...rest } = ports(only('w.example', status(409, '3\n')))
    const given = await giveHead(ledger, settings, {
      ...rest,
      post: async (...of) => {
        grown ??= append(2)
        await grown
        return post(...of)
      },
    })
    await ledger.close()
    expect(given).toMatchObject({ alarms: [], troubles: [] })
    expect(alarms.size).toBe(0)
  })
})

test('what is stored is not what was signed: it is given to nobody', async () => {
  const ledger = await openWitnessing(url)
  const { reader } = ledger
  const leaves = reader.leaves.bind(reader)
  reader.leaves = async (...of) => (await leaves(...of)).with(1, 'ab'.repeat(32))
  await expect(giveHead(ledger, settings, ports())).rejects.toMatchObject({ code: 'CUSTODY_LEDGER_ALTERED' })
  expect(asked).toEqual([])
  await ledger.close()
})

describe('beside a run', () => {
  const companion = (given: HeadGiven[], troubles: string[], fault?: Fault) => {
    let look: () => void = () => undefined
    const made = new Companion(url, settings, {
      ...ports(fault),
      every: work => {
        look = work
        return () => undefined
      },
      onGiven: each => given.push(each),
      onTrouble: each => troubles.push(each),
    })
    return { made, look: () => look() }
  }
  test('heads are given while it goes, and the last one at its end', async () => {
    const given: HeadGiven[] = []
    const { made, look } = companion(given, [])
    look()
    look()
    await made.close()
    expect(given.map(each => each.size)).toEqual([2])
    await append(2)
    await made.close()
    expect(given.map(each => each.size)).toEqual([2, 3])
  })
  test('whatever goes wrong is said, and nothing is thrown; where there is no ledger nothing is', async () => {
    const troubles: string[] = []
    await companion([], troubles, () => {
      throw new Unreachable('can’t be reached: refused')
    }).made.close()
    expect(troubles.join()).toContain('refused')
    url = `sqlite:${join(folder, 'none.db')}`
    troubles.length = 0
    await companion([], troubles).made.close()
    expect(troubles).toEqual([])
  })
})

describe('over HTTP', () => {
  test('a witness is asked, and monitored; one that hangs, or cuts its answer, is left for later', {
    tags: ['proof'],
  }, async () => {
    const server = witnessServer({ ...witness(0), store: stores[0] as SqliteHeads, onTrouble: () => undefined })
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const one = parsePolicy(Buffer.from(`witness W ${cosigner.keys[0]?.text} ${at}/\nquorum W\n`))
    const ledger = await openWitnessing(url)
    const web = { ...ports(), post: webPost(5_000) }
    try {
      const given = await giveHead(ledger, { policy: one, timestamps: null }, web)
      expect(given).toMatchObject({ witnessed_by: ['W'], quorum: true })
      const { sha256Hex } = await import('../../model/sha256.ts')
      const seen = await (await fetch(`${at}/${sha256Hex(given.origin)}/checkpoint`)).text()
      expect(seen).toContain(`\n2\n`)
      expect((await fetch(`${at}/${'0'.repeat(64)}/checkpoint`)).status).toBe(404)
      expect((await fetch(`${at}/add-checkpoint`)).status).toBe(405)
      expect((await fetch(`${at}/add-checkpoint`, { method: 'POST', body: 'x'.repeat(1_200_000) })).status).toBe(413)
      server.removeAllListeners('request')
      server.on('request', (request, response) => {
        if (request.headers['content-type'] === 'hang') return
        response.writeHead(200, { 'content-length': 100 })
        response.write('— w')
        setImmediate(() => response.destroy())
      })
      await expect(webPost(50)(`${at}/x`, 'hang', '')).rejects.toThrow('doesn’t answer within 0.05 s')
      await expect(webPost(5_000)(`${at}/x`, 'cut', '')).rejects.toThrow(Unreachable)
      await expect(webPost(5_000)('http://127.0.0.1:1/x', 'none', '')).rejects.toThrow('can’t be reached')
    } finally {
      await ledger.close()
      server.closeAllConnections()
      server.close()
    }
  })
})
