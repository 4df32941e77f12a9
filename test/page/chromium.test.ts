/** The verifier's page in a real Chromium, opened from the disk. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toBase64 } from '../../src/format/base64.ts'
import { checkpointIn } from '../../src/format/checkpoint.ts'
import { type Cosigner, makeCosigner } from '../../src/format/cosigning-key.ts'
import { headNote } from '../../src/format/head-note.ts'
import { proofText, type RowProof } from '../../src/format/proof.ts'
import { parseTlogProof, tlogProofText } from '../../src/format/tlog-proof.ts'
import { utf8 } from '../../src/format/verifier-key.ts'
import { checkErasure } from '../../src/read/check/check-erasure.ts'
import { checkProof } from '../../src/read/check/check-proof.ts'
import { checkRecord } from '../../src/read/check/check-record.ts'
import { trustIn } from '../../src/read/check/trust-text.ts'
import { certify } from '../../src/read/erase/certificate.ts'
import { CheckedReader } from '../../src/read/evidence/checked-reader.ts'
import { letterText } from '../../src/read/letter/letter.ts'
import { proveRow } from '../../src/read/prove/prove.ts'
import { recordOf } from '../../src/read/prove/record.ts'
import { type Party, party, token } from '../support/authority.ts'
import { eraseValues, recordErasure } from '../support/erasing.ts'
import { Forger } from '../support/forger.ts'
import { LONG } from '../support/form.ts'
import { provenRun } from '../support/proven-run.ts'
import { RICH, runModel, simulatedRun } from '../support/simulated-ledger.ts'
import { expectedOf, Opened, startChromium } from './chromium.ts'

const RUN = { log: 1, run: simulatedRun(1) }
const chromium = await startChromium()
const why = chromium.ok ? '' : ` (there is no Chromium here: ${chromium.why})`

let forger: Forger
let keys = ''
let proof: RowProof
beforeAll(async () => {
  if (!chromium.ok) return
  forger = await Forger.of(url => runModel(url, RICH, 1))
  keys = forger.keys.map(each => `${each.text}\n`).join('')
  const options = { withhold: [], only_exact: false, include_shared: true }
  proof = (await proveRow(forger.reader, await provenRun(forger.reader, RUN), 2, options)).proof
})
afterAll(async () => {
  forger?.close()
  if (chromium.ok) await chromium.close()
})

const open = (options: Parameters<typeof Opened.at>[2] = {}) => {
  if (!chromium.ok) throw new Error(chromium.why)
  return Opened.at(chromium.browser, chromium.url, options)
}

/** The proof with a head that a witness has cosigned, and an authority dated. */
function datedBy(witness: Cosigner, authority: Party): RowProof {
  const note = parseTlogProof(proof.log[0]?.proof ?? '')?.checkpoint ?? ''
  const text = note.slice(0, note.lastIndexOf('\n\n') + 1)
  const lines = witness.cosign(text, checkpointIn(note), AT_S).map(each => `— ${each}\n`)
  const log = proof.log.map(({ body, proof: of }) => {
    const { index = 0, path = [] } = parseTlogProof(of) ?? {}
    return { body, proof: tlogProofText({ index, path, checkpoint: `${note}${lines.join('')}` }) }
  })
  const own = utf8(headNote(note, forger.keys) ?? '')
  return { ...proof, log, timestamps: [toBase64(token(authority, own, { time: '20270115081000Z' }))] }
}
/** Ten minutes before. */
const AT_S = Date.UTC(2027, 0, 15, 8) / 1000

/** What has the focus, and whether that can be seen. */
interface Focus {
  readonly id: string
  readonly tag: string
  readonly href: string
  readonly outline: string
}
const FOCUS = `(({ activeElement: at }) => ({
  id: at.id,
  tag: at.tagName,
  href: at.getAttribute('href') ?? '',
  outline: getComputedStyle(at).outlineStyle,
}))(document)`

/** Tries what a page could be made to do, and says what was refused. */
const INTRUDER = `(async () => {
  const found = []
  document.addEventListener('securitypolicyviolation', event => found.push(event.effectiveDirective))
  const script = document.createElement('script')
  try {
    script.textContent = 'window.was_run = true'
  } catch {
    found.push('trusted types')
  }
  const style = Object.assign(document.createElement('style'), { textContent: 'body { opacity: 0 }' })
  document.body.append(script, style, Object.assign(document.createElement('img'), { src: 'https://example.org/a.png' }))
  await fetch('https://example.org/').catch(() => found.push('fetch failed'))
  await new Promise(resolve => setTimeout(resolve, 100))
  return { found, was_run: 'was_run' in window }
})()`

describe.skipIf(!chromium.ok)(`in Chromium${why}`, () => {
  test('a proof, without a key, with it, and changed; nothing is asked for, and nothing goes wrong', async () => {
    const opened = await open()
    const text = proofText(proof)
    const unknown = await opened.give(text)
    expect(unknown).toMatchObject(expectedOf(await checkProof(text, { trusted: [] })))
    expect([unknown.verdict, unknown.proven]).toEqual(['untrusted', []])
    await opened.trust(keys)
    const known = await opened.give(text)
    expect(known).toMatchObject(expectedOf(await checkProof(text, { trusted: forger.keys })))
    expect([known.verdict, known.status]).toEqual(['holds', expect.stringContaining('holds, by key')])
    expect(known.nodes[0]).toMatch(/^letters/)
    const changed = await opened.give(text.replace('"kind":"row","number":2', '"kind":"row","number":3'))
    expect(changed.verdict).toBe('broken')
    expect(opened.faults).toEqual([])
    await opened.close()
  })

  describe.runIf(LONG)('long', () => {
    test('records, whole, cut, with a bit changed, with something behind them', async () => {
      const reader = new CheckedReader(forger.reader, { remembered: null })
      const { pieces } = await recordOf(reader, forger.reader, RUN, [])
      let text = ''
      for await (const piece of pieces) text += piece
      const packed = gzipSync(text)
      const opened = await open()
      await opened.trust(keys)
      const whole = await opened.give(packed, 'gz')
      const checked = await checkRecord(
        (async function* () {
          yield text
        })(),
        { trusted: forger.keys },
      )
      expect(whole).toMatchObject(expectedOf(checked))
      expect(whole.verdict).toBe('holds')
      const flipped = gzipSync(text.replace('"k":"seal"', '"k":"seaI"'))
      const damaged = Uint8Array.from(packed, (byte, i) => (i === packed.length >> 1 ? byte ^ 1 : byte))
      for (const bad of [
        packed.subarray(0, -1),
        packed.subarray(0, 200),
        Buffer.concat([packed, Buffer.of(0)]),
        Buffer.concat([packed, packed]),
        damaged,
        flipped,
      ])
        expect((await opened.give(bad, 'gz')).verdict).toBe('broken')
      expect((await opened.give(damaged, 'gz')).line).toBe(
        'CUSTODY_PROOF_UNREADABLE: the file can’t be read: it was cut short or damaged on the way, or something stands behind it',
      )
      expect(opened.faults).toEqual([])
      await opened.close()
    })

    test('letters: the proof in them is what counts', async () => {
      const text = proofText(proof)
      const checked = await checkProof(text, { trusted: forger.keys })
      if (checked.story === null) throw new Error('it tells nothing')
      const letter = letterText({ ...checked, story: checked.story, proof: text, version: '0' })
      const opened = await open()
      await opened.trust(keys)
      const shown = await opened.give(letter, 'html')
      expect(shown.verdict).toBe('holds')
      expect(shown.text).toContain('what the letter says beside the proof in it')
      const template = /<template.*<\/template>\n/.exec(letter)?.[0] ?? ''
      for (const bad of [
        letter.replace(template, ''),
        letter.replace(template, template + template),
        letter.replace('custody-proof">', 'custody-proof">!'),
      ])
        expect((await opened.give(bad, 'html')).verdict).toBe('broken')
      // It is shown by a browser, too, and does nothing there.
      const { page, context } = opened
      const own = await context.newPage()
      const faults: string[] = []
      own.on('console', message => faults.push(message.text()))
      await own.route('**/*', route => route.fulfill({ body: letter, contentType: 'text/html' }))
      await own.goto('http://letter.example/')
      expect(await own.textContent('main')).toContain('It is the sender’s own statement.')
      expect(await own.evaluate('getComputedStyle(document.body).maxWidth')).not.toBe('none')
      expect(faults.filter(each => !each.includes('favicon'))).toEqual([])
      expect(await page.title()).toBe('Custody verifier')
      await opened.close()
    })

    test('a policy and certificates, pasted in one text: who has cosigned and dated it, and by when it existed', async () => {
      const witness = makeCosigner('w.example', {
        ed25519: new Uint8Array(32).fill(1),
        'ml-dsa-44': new Uint8Array(32).fill(2),
      })
      const witnesses = witness.keys.map((each, i) => `witness w${i} ${each.text}\n`).join('')
      const policy = `log ${forger.signer.verifier_key}\n${witnesses}group g all w0 w1\nquorum g\n`
      const opened = await open()
      for (const kind of ['rsa', 'P-256', 'P-384'] as const) {
        const authority = party('TSA', { kind })
        const text = proofText(datedBy(witness, authority))
        const pem = `-----BEGIN CERTIFICATE-----\n${toBase64(authority.certificate)}\n-----END CERTIFICATE-----\n`
        await opened.trust(`# mine\n${policy}${pem}`)
        const { trusting } = trustIn(`${policy}${pem}`) as Extract<ReturnType<typeof trustIn>, { ok: true }>
        const checked = await checkProof(text, trusting)
        expect([checked.trust, checked.as_of]).toEqual(['policy', '2027-01-15T08:00:00.000Z'])
        const shown = await opened.give(text)
        expect(shown).toMatchObject(expectedOf(checked))
        expect(shown.text).toContain('As of 2027-01-15T08:00:00.000Z: it existed by then, as ')
        expect(shown.line).toContain('as the policy demands')
      }
      await opened.trust(policy)
      expect((await opened.give(proofText(proof))).verdict).toBe('broken')
      expect(opened.faults).toEqual([])
      await opened.close()
    })

    test('certificates of erasure', async () => {
      const copy = forger.copy()
      copy.change(() => {
        eraseValues(copy.db, 1, [2, 3])
        recordErasure(copy.db, copy.signer, 1, [[2, 3]])
      })
      const text = (await certify(copy.reader, () => true))?.text ?? ''
      copy.close()
      const opened = await open()
      await opened.trust(keys)
      const shown = await opened.give(text)
      expect(shown).toMatchObject(expectedOf(checkErasure(text, { trusted: forger.keys })))
      expect(shown.line).toContain('The certificate holds, by key')
      expect((await opened.give(text.replace('[[2,3]]', '[[2,4]]'))).verdict).toBe('broken')
      expect(opened.faults).toEqual([])
      await opened.close()
    })

    test('keyboard alone', async () => {
      const opened = await open()
      const { page } = opened
      const focus = () => page.evaluate<Focus>(FOCUS)
      await page.keyboard.press('Tab')
      expect(await focus()).toMatchObject({ id: 'file', tag: 'INPUT', outline: 'solid' })
      const chooser = page.waitForEvent('filechooser')
      // Keys reach the page by another way than the wish to catch choosers does: an answer shows that this has arrived.
      await page.evaluate('0')
      await page.keyboard.press('Space')
      await (await chooser).setFiles({ name: 'proof.json', mimeType: '', buffer: Buffer.from(proofText(proof)) })
      expect((await opened.shown('proof.json')).verdict).toBe('untrusted')
      await page.keyboard.press('Tab')
      expect(await focus()).toMatchObject({ id: 'keys', tag: 'TEXTAREA', outline: 'solid' })
      await page.keyboard.insertText(keys)
      await page.keyboard.press('Tab')
      await page.waitForSelector('.verdict.holds')
      expect((await focus()).id).toBe('keys-file')
      const reached: string[] = []
      for (let i = 0; i < 40; i++) {
        await page.keyboard.press('Tab')
        const at = await focus()
        if (at.tag === 'a') reached.push(at.href)
      }
      expect(new Set(reached).size).toBe(await page.locator('a.node').count())
      await page.locator('a.node').nth(1).focus()
      await page.keyboard.press('Enter')
      expect(await page.textContent(':target')).toContain('grow')
      expect(opened.faults).toEqual([])
      await opened.close()
    })

    test('a file that is dropped is taken; what is no key is named by its line, and not shown', async () => {
      const opened = await open()
      const { page } = opened
      const text = proofText(proof)
      await page.evaluate(
        `{
          const data = new DataTransfer()
          data.items.add(new File([${JSON.stringify(text)}], 'dropped.json'))
          document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
        }`,
      )
      expect((await opened.shown('dropped.json')).verdict).toBe('untrusted')
      await opened.trust(`${keys}PRIVATE+KEY+secret+00000000+AAAA\n`)
      expect(await page.textContent('#keys-problem')).toMatch(/^Line \d+ is a signing key/)
      expect(await page.textContent('#keys-problem')).not.toContain('AAAA')
      expect(await page.locator('.verdict').count()).toBe(0)
      await opened.close()
    })

    test('its policy lets nothing in: no script, no style, no network, no form', async () => {
      const opened = await open()
      const { page } = opened
      const blocked = await page.evaluate<{ readonly found: readonly string[]; readonly was_run: boolean }>(INTRUDER)
      expect(blocked.was_run).toBe(false)
      expect(new Set(blocked.found)).toEqual(
        new Set([
          'trusted types',
          'require-trusted-types-for',
          'style-src-elem',
          'img-src',
          'connect-src',
          'fetch failed',
        ]),
      )
      await opened.close()
    })

    test.each(['light', 'dark'] as const)('what axe finds, %s: nothing', async scheme => {
      const opened = await open({ colorScheme: scheme, viewport: { width: 420, height: 900 } })
      await opened.trust(keys)
      const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
      for (const text of [proofText(proof), proofText(proof).replace('"number":2', '"number":3')]) {
        await opened.give(text)
        await opened.page.evaluate(axe)
        const found = await opened.page.evaluate<readonly string[]>(
          'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`))',
        )
        expect(found).toEqual([])
      }
      // Nothing is wider than a narrow window.
      expect(await opened.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(420)
      await opened.close()
    })

    test('it prints: without what is for the screen', async () => {
      const opened = await open()
      await opened.trust(keys)
      await opened.give(proofText(proof))
      await opened.page.emulateMedia({ media: 'print' })
      await opened.page.locator('.drop').waitFor({ state: 'hidden' })
      await opened.page.locator('.verdict').waitFor({ state: 'visible' })
      expect((await opened.page.pdf()).subarray(0, 5).toString()).toBe('%PDF-')
      await opened.close()
    })
  })
})
