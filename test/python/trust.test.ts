/** Whom a reader trusts, and by when a head existed, as a second implementation has it from the page of the format. */
// @module-tag proof
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { checkpointIn, checkpointText } from '../../src/format/checkpoint.ts'
import { makeCosigner } from '../../src/format/cosigning-key.ts'
import { withProof } from '../../src/format/letter.ts'
import { makeSigner } from '../../src/format/signing-key.ts'
import { canonicalize } from '../../src/model/canonical.ts'
import type { Json } from '../../src/model/row.ts'
import { Forger } from '../support/forger.ts'
import { LONG } from '../support/form.ts'
import { testPorts } from '../support/ledger.ts'
import { madeProof } from '../support/made-evidence.ts'
import { recorded } from '../support/records.ts'
import { RICH, runModel } from '../support/simulated-ledger.ts'
import { askPython, NO_PYTHON, pythonFolder } from './python.ts'

const WITNESSES = [5, 6].map(n => makeCosigner(`w${n}.example/w`, { ed25519: new Uint8Array(32).fill(n) }))
const [A, B] = WITNESSES.map(each => each.keys[0]?.text ?? '')
const [LOG = ''] = testPorts().signer.verifier_keys
const NO_OPENSSL = spawnSync('openssl', ['version']).status === 0 ? null : 'no openssl'

const { folder, keys } = pythonFolder(LOG)
let record: string
let proof: string
beforeAll(async () => {
  const ledger = await Forger.of(url => runModel(url, RICH, 1))
  try {
    record = await recorded(ledger.url, 1)
    proof = madeProof(ledger, 1, 1)
  } finally {
    ledger.close()
  }
})

function put(name: string, content: string | Uint8Array): string {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

/** The record with another header. */
function recordWith(change: (header: { [key: string]: Json; checkpoint: string }) => object): string {
  const [first = '', ...lines] = record.split('\n')
  const header = change(JSON.parse(first) as { [key: string]: Json; checkpoint: string })
  return put('record.gz', gzipSync([canonicalize(header as Json), ...lines].join('\n'), { level: 1 }))
}

/** With cosignatures of these witnesses, at these seconds. */
const cosigned = (...at: ReadonlyArray<readonly [witness: number, seconds: number]>) =>
  recordWith(header => ({
    ...header,
    checkpoint: at.reduce((note, [n, seconds]) => {
      const head = checkpointIn(note)
      return `${note}${(WITNESSES[n]?.cosign(checkpointText(head), head, seconds) ?? []).map(line => `— ${line}\n`).join('')}`
    }, header.checkpoint),
  }))

function ask(file: string, ...more: readonly string[]) {
  const [answer] = askPython([file], keys, ...more)
  const { ok, trust, as_of, as_of_by } = answer ?? { ok: false }
  return { ok, trust, as_of, as_of_by, problems: answer?.checks?.flatMap(each => each.problems) }
}

describe.skipIf(NO_PYTHON !== null)(
  `a verifier in Python${NO_PYTHON === null ? '' : ` (skipped: ${NO_PYTHON})`}`,
  () => {
    test('demands what a policy says, and dates a head by those who cosigned it', () => {
      const both = put('both', `witness a ${A}\nwitness b ${B}\ngroup g all a b\nquorum g\n`)
      expect(ask(cosigned([0, 1_800_000_000]), '--policy', both)).toMatchObject({ ok: false, trust: 'none' })
      const at = ask(cosigned([0, 1_800_000_000], [1, 1_800_000_060]), '--policy', both)
      expect(at).toEqual({
        ...{ ok: true, trust: 'policy', as_of: '2027-01-15T08:01:00.000Z', problems: [] },
        as_of_by: [`witness a (${A?.slice(0, A.lastIndexOf('+'))})`, `witness b (${B?.slice(0, B.lastIndexOf('+'))})`],
      })
      // Without a policy nobody knows the witnesses.
      expect(ask(cosigned([0, 1_800_000_000]))).toEqual({ ok: true, trust: 'key', problems: [] })
      const [stranger] = makeSigner('stranger', new Uint8Array(32).fill(1)).verifier_keys
      const other = put('other', `log ${stranger}\nquorum none\n`)
      expect(ask(cosigned(), '--policy', other)).toMatchObject({ ok: false, trust: 'none' })
      const pinned = put('pinned', `log ${LOG}\nwitness a ${A}\nquorum a\n`)
      expect(ask(cosigned([0, 1_800_000_000]), '--policy', pinned)).toMatchObject({ ok: true, trust: 'policy' })
    })

    test('refuses a wrong cosignature of a witness that it knows', () => {
      const any = put('any', `witness a ${A}\nquorum none\n`)
      const bad = recordWith(header => {
        const head = checkpointIn(header.checkpoint)
        const lines = WITNESSES[0]?.cosign(checkpointText(head), head, 1_800_000_000) ?? []
        const [line = ''] = lines
        return {
          ...header,
          checkpoint: `${header.checkpoint}— ${line.replace(/.(?==*$)/, hit => (hit === 'A' ? 'Q' : 'A'))}\n`,
        }
      })
      expect(ask(bad, '--policy', any)).toMatchObject({ ok: false, trust: 'none' })
    })

    test.runIf(LONG)('compares with an older head, of records and of proofs', () => {
      const { checkpoint } = JSON.parse(record.split('\n')[0] ?? '') as { readonly checkpoint: string }
      const since = put('since', checkpoint)
      const row = put('row.json', proof)
      for (const file of [cosigned(), row]) expect(ask(file, '--since', since)).toMatchObject({ ok: true })
      const another = put(
        'another',
        checkpoint.replace(/\n(\d+)\n./, (_, size) => `\n${size}\nA`),
      )
      expect(ask(row, '--since', another).ok).toBe(false)
    })

    test('reads the proof in a letter, and nothing around it', () => {
      const letter = withProof('<!doctype html>\n<html><p>somebody says something</p></html>\n', proof)
      expect(ask(put('letter.html', letter))).toMatchObject({ ok: true, trust: 'key' })
      expect(ask(put('none.html', '<!doctype html>\n<html></html>\n')).problems).toBeUndefined()
    })

    test.runIf(NO_OPENSSL === null && LONG)(
      `takes timestamps of openssl ts${NO_OPENSSL === null ? '' : ` (skipped: ${NO_OPENSSL})`}`,
      () => {
        put('a.cnf', CONFIG)
        put('serial', '01\n')
        const openssl = (...of: string[]) => execFileSync('openssl', of, { cwd: folder, stdio: 'pipe' })
        const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-nodes']
        openssl(
          'req',
          '-x509',
          ...curve,
          '-keyout',
          'ca.key',
          '-out',
          'ca.pem',
          '-days',
          '2',
          '-config',
          'a.cnf',
          '-extensions',
          'ca',
        )
        openssl(
          'req',
          ...curve.with(3, 'ec_paramgen_curve:P-256'),
          '-keyout',
          'tsa.key',
          '-out',
          'tsa.csr',
          '-config',
          'a.cnf',
          '-subj',
          '/CN=TSA/O=Example',
        )
        openssl(
          'x509',
          '-req',
          '-in',
          'tsa.csr',
          '-CA',
          'ca.pem',
          '-CAkey',
          'ca.key',
          '-CAcreateserial',
          '-out',
          'tsa.pem',
          '-days',
          '2',
          '-extfile',
          'a.cnf',
          '-extensions',
          'tsa_cert',
        )
        const { checkpoint } = JSON.parse(record.split('\n')[0] ?? '') as { readonly checkpoint: string }
        put('note', checkpoint)
        openssl('ts', '-query', '-data', 'note', '-sha256', '-cert', '-out', 'query')
        openssl('ts', '-reply', '-config', 'a.cnf', '-queryfile', 'query', '-out', 'reply')
        openssl('ts', '-reply', '-in', 'reply', '-token_out', '-out', 'token')
        const token = readFileSync(join(folder, 'token'))
        const dated = recordWith(header => ({ ...header, timestamps: [token.toString('base64')] }))
        expect(ask(dated, '--tsa', join(folder, 'ca.pem'))).toMatchObject({
          ...{
            ok: true,
            as_of: expect.stringMatching(/^20\d\d-.*Z$/),
            as_of_by: ['timestamp authority CN=TSA, O=Example'],
          },
        })
        expect(ask(dated)).toEqual({ ok: true, trust: 'key', problems: [] })
        const edited = token.map((byte, i) => (i === token.length - 9 ? byte ^ 1 : byte))
        const forged = recordWith(header => ({ ...header, timestamps: [Buffer.from(edited).toString('base64')] }))
        expect(ask(forged, '--tsa', join(folder, 'ca.pem'))).toMatchObject({ ok: false })
      },
    )
  },
)

const CONFIG = `[req]
distinguished_name = dn
prompt = no
[dn]
CN = Test authority
[ca]
basicConstraints = critical,CA:true,pathlen:0
keyUsage = critical,keyCertSign
[tsa_cert]
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = authority
[authority]
serial = ./serial
signer_cert = ./tsa.pem
signer_key = ./tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
`
