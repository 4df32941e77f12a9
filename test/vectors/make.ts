/** Vectors that all checkers read, this one, that in a browser and that in Python: what is to be taken and what refused. Made anew they are the same. */
import { createHash } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js'
import { checkpointText } from '../../src/format/checkpoint.ts'
import { makeCosigner } from '../../src/format/cosigning-key.ts'
import { bytesToHex, leafHash, nodeHash } from '../../src/format/hash.ts'
import { noteOf } from '../../src/format/note.ts'
import { makeSigner } from '../../src/format/signing-key.ts'
import { tlogProofText } from '../../src/format/tlog-proof.ts'
import { consistencyProof, EMPTY_ROOT, inclusionProof, rangeRoot } from '../../src/format/tree.ts'
import { utf8 } from '../../src/format/verifier-key.ts'
import { evidenceVectors } from './evidence.ts'

/** By file name: lists of vectors, each of which says in `ok` whether it is to be taken. */
export async function vectors(): Promise<ReadonlyMap<string, unknown>> {
  return new Map<string, unknown>([
    ['signatures.json', { ed25519: ed25519Vectors(), 'ml-dsa-44': mlDsaVectors() }],
    ['canonical.json', canonicalVectors()],
    ['notes.json', notesVectors()],
    ['policies.json', policyVectors()],
    ['trees.json', treeVectors()],
    ['evidence.json', await evidenceVectors()],
  ])
}

export const vectorText = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`

const hex = bytesToHex
const flipped = (bytes: Uint8Array, at: number, mask = 1) => bytes.map((byte, i) => (i === at ? byte ^ mask : byte))
const number = (bytes: Uint8Array) => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
const scalar = (of: bigint) => Uint8Array.from({ length: 32 }, (_, i) => Number((of >> BigInt(8 * i)) & 255n))

// Signatures.

const { Point } = ed25519
const ORDER = Point.Fn.ORDER
const P = 2n ** 255n - 19n
const TORSION = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')

interface Signed {
  readonly key: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/** Of one that holds, with what is changed of it. */
const vectorsOf =
  (honest: Signed) =>
  (what: string, ok: boolean, change: Partial<Signed> = {}) => {
    const { key, message, signature } = { ...honest, ...change }
    return { what, key: hex(key), message: hex(message), signature: hex(signature), ok }
  }

function ed25519Vectors() {
  const seed = new Uint8Array(32).fill(1)
  const [key, message] = [ed25519.getPublicKey(seed), utf8('what is signed\n')]
  const signature = ed25519.sign(message, seed)
  const vector = vectorsOf({ key, message, signature })
  const [r, s] = [signature.slice(0, 32), signature.slice(32)]
  const small = TORSION.toBytes()
  // R and A of order 1: [S]B = R + [k]A holds for S = 0, whatever the message.
  const neutral = Point.ZERO.toBytes()
  const beyond = scalar(P + 1n)
  return [
    vector('honest', true),
    vector('honest, of nothing', true, { message: new Uint8Array(), signature: ed25519.sign(new Uint8Array(), seed) }),
    vector('of another message', false, { message: utf8('what is signed') }),
    vector('a bit of R', false, { signature: flipped(signature, 3) }),
    vector('a bit of S', false, { signature: flipped(signature, 40) }),
    vector('by another key', false, { key: ed25519.getPublicKey(new Uint8Array(32).fill(2)) }),
    vector('too short', false, { signature: signature.slice(0, 63) }),
    vector('too long', false, { signature: Uint8Array.of(...signature, 0) }),
    vector('S + order', false, { signature: Uint8Array.of(...r, ...scalar(number(s) + ORDER)) }),
    vector('S is the order', false, { signature: Uint8Array.of(...r, ...scalar(ORDER)) }),
    vector('a key of order 1', false, { key: neutral, signature: Uint8Array.of(...neutral, ...new Uint8Array(32)) }),
    vector('a key of order 8', false, { key: small, signature: Uint8Array.of(...neutral, ...new Uint8Array(32)) }),
    vector('a key of order 2', false, {
      key: scalar(P - 1n),
      signature: Uint8Array.of(...neutral, ...new Uint8Array(32)),
    }),
    vector('a key that is y = p + 1', false, {
      key: beyond,
      signature: Uint8Array.of(...neutral, ...new Uint8Array(32)),
    }),
    vector('a key that is no point', false, { key: scalar(2n) }),
    vector('a key with the sign of x = 0', false, { key: flipped(neutral, 31, 0x80) }),
    vector('R is y = p + 1', false, { signature: Uint8Array.of(...beyond, ...s) }),
    ...cofactorVectors(),
  ]
}

/** With a key that has a part of small order: it holds where that goes away by itself, and not where the cofactor would take it away. */
function cofactorVectors() {
  const found = new Map<boolean, object>()
  for (let i = 0; found.size < 2; i++) {
    const [secret, nonce] = [12345n + BigInt(i), 67890n]
    const mixed = Point.BASE.multiply(secret).add(TORSION)
    const [key, r, message] = [mixed.toBytes(), Point.BASE.multiply(nonce).toBytes(), utf8(`message ${i}\n`)]
    const k = Point.Fn.create(number(createHash('sha512').update(r).update(key).update(message).digest()))
    const ok = k % 8n === 0n
    const signature = Uint8Array.of(...r, ...scalar(Point.Fn.create(nonce + k * secret)))
    const what = ok
      ? 'a mixed key, whose part of small order goes away by itself'
      : 'a mixed key, with the cofactor alone'
    if (!found.has(ok)) found.set(ok, { what, key: hex(key), message: hex(message), signature: hex(signature), ok })
  }
  return [...found.values()]
}

function mlDsaVectors() {
  const { secretKey, publicKey: key } = ml_dsa44.keygen(new Uint8Array(32).fill(2))
  const message = utf8('what is signed\n')
  // Without the randomness with which Custody signs: so the vectors are the same again.
  const signature = ml_dsa44.sign(message, secretKey, { extraEntropy: false })
  const vector = vectorsOf({ key, message, signature })
  const context = ml_dsa44.sign(message, secretKey, { extraEntropy: false, context: utf8('x') })
  return [
    vector('honest', true),
    vector('of another message', false, { message: utf8('another\n') }),
    vector('with a context', false, { signature: context }),
    vector('a bit of the challenge', false, { signature: flipped(signature, 0) }),
    vector('a bit of z', false, { signature: flipped(signature, 1000) }),
    vector('a count of hints', false, { signature: flipped(signature, 2419, 0x7f) }),
    vector('a hint that stands where none is', false, { signature: flipped(signature, 2415) }),
    vector('a key with another bit', false, { key: flipped(key, 700) }),
    vector('too short', false, { signature: signature.slice(0, -1) }),
    vector('too long', false, { signature: Uint8Array.of(...signature, 0) }),
  ]
}

// Canonical JSON (RFC 8785).

const CANONICAL = [
  ...[
    'null',
    'true',
    'false',
    '0',
    '1',
    '-1',
    '9007199254740991',
    '-9007199254740991',
    '1e+21',
    '100000000000000000000',
  ],
  ...[
    '0.1',
    '1.5',
    '0.000001',
    '1e-7',
    '123456789012345680000',
    '1.7976931348623157e+308',
    '5e-324',
    '333333333.3333333',
  ],
  ...['2.2250738585072014e-308', '4.35', '1e+23', '9007199254740992', '295147905179352830000', '0.002'],
  ...['""', '"a"', '"\\"\\\\"', '"\\b\\t\\n\\f\\r"', '"\\u0000\\u001f"', '"\u007f"', '"é"', '"\u2028"', '"😀"', '"/"'],
  ...['[]', '{}', '[1,[2,[]]]', '{"":1}', '{"a":1,"b":2}', '{"1":1,"10":2,"2":3}', '{"A":1,"a":2}', '{"__proto__":1}'],
  // By UTF-16 code units: U+1F600 stands before U+FB33.
  '{"€":1,"😀":2,"\ufb33":3}',
  `${'['.repeat(200)}${']'.repeat(200)}`,
]

const NOT_CANONICAL = [
  ...[
    '',
    ' 1',
    '1 ',
    '+1',
    '01',
    '1.0',
    '1.50',
    '-0',
    '1E5',
    '1e5',
    '1e21',
    '1e-07',
    '0.0000001',
    '.5',
    '5.',
    'NaN',
    'Infinity',
  ],
  ...['9007199254740993', '9223372036854775807', '1e400', '0x10', '1_000', 'True', 'nul', 'undefined'],
  ...[
    '"a',
    "'a'",
    '"\\/"',
    '"\\u0041"',
    '"\\u00e9"',
    '"\\u001F"',
    '"\\u0008"',
    '"\t"',
    '"\\ud800"',
    '"\ud800"',
    '"\\x41"',
  ],
  ...[
    '[1,]',
    '[1 ,2]',
    '[,1]',
    '[1',
    '1]',
    '{"a":1,}',
    '{"a" :1}',
    '{a:1}',
    '{"b":1,"a":2}',
    '{"a":1,"a":1}',
    '{"a":1,"a":2}',
  ],
  ...['{"\ufb33":3,"😀":2}', '{"a":1}\n', '// x', '[1]x', '\ufeff1'],
  `${'['.repeat(201)}${']'.repeat(201)}`,
]

function canonicalVectors() {
  return [...CANONICAL.map(text => ({ text, ok: true })), ...NOT_CANONICAL.map(text => ({ text, ok: false }))]
}

// Notes.

const signer = makeSigner('log.example/a', new Uint8Array(32).fill(4))
const HEAD = { origin: 'custody/019b7c1a-0000-7000-8000-000000000001/0', size: 12, root: leafHash('twelve') }
const SIGNED = noteOf(checkpointText(HEAD), signer.signHead(HEAD))
const witnesses = [5, 6, 7].map(n => makeCosigner(`w${n}.example/w`, { ed25519: new Uint8Array(32).fill(n) }))
const keyOf = (n: number) => witnesses[n]?.keys[0]?.text ?? ''
const cosigned = (note: string, ...of: readonly number[]) =>
  of.reduce(
    (text, n) =>
      `${text}${(witnesses[n]?.cosign(checkpointText(HEAD), HEAD, 1_800_000_000 + n) ?? []).map(each => `— ${each}\n`).join('')}`,
    note,
  )

function notesVectors() {
  return { keys: keyVectors(), notes: noteVectors(), checkpoints: checkpointVectors(), proofs: proofVectors() }
}

/** Verifier keys of a log. */
function keyVectors() {
  const [key = ''] = signer.verifier_keys
  const [name, hash, data] = key.split('+')
  return [
    { text: key, ok: true },
    ...[
      `${name}+${hash}+${data}=`,
      `${name}+00000000+${data}`,
      `${name}+${hash}`,
      `+${hash}+${data}`,
      `a b+${hash}+${data}`,
    ],
    ...[`${name}+${hash?.toUpperCase()}+${data}`, `${key}\n`, ` ${key}`, '', 'x'],
  ].map(each => (typeof each === 'string' ? { text: each, ok: each === key } : each))
}

/** Notes with the key that is trusted: whether it has signed them, and nothing in them is wrong. */
function noteVectors() {
  const [key = ''] = signer.verifier_keys
  const text = checkpointText(HEAD)
  const line = SIGNED.split('\n').at(-2) ?? ''
  const other = noteOf(text, makeSigner('log.example/b', new Uint8Array(32).fill(8)).signHead(HEAD))
  return [
    { what: 'signed', note: SIGNED, ok: true },
    { what: 'with the line of somebody else', note: `${SIGNED}${other.split('\n').at(-2)}\n`, ok: true },
    { what: 'signed by somebody else alone', note: other, ok: false },
    { what: 'of another size', note: SIGNED.replace('\n12\n', '\n13\n'), ok: false },
    {
      what: 'a bad line of the key beside a good one',
      note: `${SIGNED}${line.replace(/.(?==*$)/, 'A')}\n`,
      ok: false,
    },
    { what: 'without its last newline', note: SIGNED.slice(0, -1), ok: false },
    { what: 'without the empty line', note: SIGNED.replace('\n\n', '\n'), ok: false },
    { what: 'without signatures', note: `${text}\n`, ok: false },
    { what: 'with a hyphen in the place of the dash', note: SIGNED.replace('— ', '- '), ok: false },
    { what: 'with two blanks', note: SIGNED.replace('— ', '—  '), ok: false },
    { what: 'with a control character', note: SIGNED.replace('custody', 'cus\ttody'), ok: false },
    { what: 'with CRLF', note: SIGNED.replaceAll('\n', '\r\n'), ok: false },
  ].map(each => ({ ...each, key }))
}

/** Texts of notes. */
function checkpointVectors() {
  const text = checkpointText(HEAD)
  return [
    { text, ok: true },
    { text: 'a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n', ok: true },
    ...[
      text.slice(0, -1),
      `${text}x\n`,
      text.replace('\n12\n', '\n012\n'),
      text.replace('\n12\n', '\n-1\n'),
      text.replace('\n12\n', '\n1.0\n'),
    ],
    ...[
      text.replace('\n12\n', '\n9007199254740992\n'),
      text.replace('=\n', '\n'),
      text.replace(/^.*\n/, '\n'),
      text.replace('\n12\n', '\n+12\n'),
    ],
  ].map(each => (typeof each === 'string' ? { text: each, ok: false } : each))
}

/** C2SP tlog-proofs without an `extra` line, which Custody's have none of. */
function proofVectors() {
  const proof = tlogProofText({ index: 3, path: [leafHash('a'), leafHash('b')], checkpoint: SIGNED })
  return [
    { text: proof, ok: true },
    { text: tlogProofText({ index: 0, path: [], checkpoint: SIGNED }), ok: true },
    ...[
      proof.replace('@v1', '@v2'),
      proof.replace('index 3', 'index 03'),
      proof.replace('index 3', 'index -1'),
      proof.replace('index 3', 'index'),
      proof.replace('\n\n', '\n'),
    ],
    ...[proof.replace(/index 3\n./, 'index 3\n!'), proof.replace(/=\n/, '\n'), ` ${proof}`],
  ].map(each => (typeof each === 'string' ? { text: each, ok: false } : each))
}

// Policies (C2SP tlog-policy).

const [A, B, C] = [0, 1, 2].map(keyOf)
const THREE = `witness a ${A}\nwitness b ${B}\nwitness c ${C}\n`
const TWO_OF_THREE = `${THREE}group g 2 a b c\nquorum g\n`
const NESTED = `${THREE}group in any b c\ngroup g all a in\nquorum g\n`

/** The log's own keys, as witnesses have them; and the key of a log that has one of ML-DSA-44. */
const [OWN_ED25519, OWN_ML_DSA] = [
  makeCosigner('own.example/w', { ed25519: new Uint8Array(32).fill(4) }),
  makeCosigner('own.example/w', { 'ml-dsa-44': new Uint8Array(32).fill(8) }),
].map(each => each.keys[0]?.text)
const LOG_ML_DSA = makeSigner('test', new Uint8Array(32).fill(7), new Uint8Array(32).fill(8)).verifier_keys[1]

function policyVectors() {
  const [log = ''] = signer.verifier_keys
  const good = [
    'quorum none\n',
    `log ${log}\nquorum none\n`,
    `witness a ${A}\nquorum a\n`,
    TWO_OF_THREE,
    NESTED,
    `# a comment\n\n  witness\ta\t${A}   https://w.example/x\nquorum a\n`,
  ]
  const bad = [
    ...[
      '',
      `${THREE}`,
      `${THREE}quorum d\n`,
      `quorum none\nquorum none\n`,
      `witness a ${A}\nwitness a ${B}\nquorum a\n`,
    ],
    ...[
      `witness a ${A}\nwitness b ${A}\nquorum a\n`,
      `witness none ${A}\nquorum none\n`,
      `witness a ${log}\nquorum a\n`,
      `witness a x\nquorum a\n`,
    ],
    ...[
      `${THREE}group g 0 a b\nquorum g\n`,
      `${THREE}group g 3 a b\nquorum g\n`,
      `${THREE}group g 2 a a\nquorum g\n`,
      `${THREE}group g 1 d\nquorum g\n`,
    ],
    ...[
      `group g 1 a\nwitness a ${A}\nquorum g\n`,
      `${THREE}group g any a\ngroup h any a\nquorum h\n`,
      `${THREE}group g some a\nquorum g\n`,
    ],
    ...[
      `log\nquorum none\n`,
      `log ${A}\nquorum none\n`,
      `witnes a ${A}\nquorum none\n`,
      `quorum a none\n`,
      `quorum none`,
      `quorum none\r\n`,
      `log ${log}\nlog ${log}\nquorum none\n`,
      `log ${log}\nwitness a ${OWN_ED25519}\nquorum a\n`,
      `witness a ${OWN_ML_DSA}\nlog ${LOG_ML_DSA}\nquorum a\n`,
    ],
  ]
  const policies = [...good.map(text => ({ text, ok: true })), ...bad.map(text => ({ text, ok: false }))]
  return { policies, verdicts: policyVerdicts() }
}

function policyVerdicts() {
  const wrong = cosigned(SIGNED, 0).replace(/.(?==*\n$)/, 'A')
  return [
    { what: 'one of three', policy: TWO_OF_THREE, note: cosigned(SIGNED, 0), ok: false },
    { what: 'two of three', policy: TWO_OF_THREE, note: cosigned(SIGNED, 0, 2), ok: true },
    { what: 'three of three', policy: TWO_OF_THREE, note: cosigned(SIGNED, 0, 1, 2), ok: true },
    { what: 'one twice', policy: TWO_OF_THREE, note: cosigned(SIGNED, 0, 0), ok: false },
    { what: 'nested, without the one that is demanded', policy: NESTED, note: cosigned(SIGNED, 1, 2), ok: false },
    { what: 'nested, with it', policy: NESTED, note: cosigned(SIGNED, 0, 2), ok: true },
    { what: 'nobody is demanded', policy: 'quorum none\n', note: SIGNED, ok: true },
    {
      what: 'nobody is demanded, and somebody unknown has cosigned',
      policy: 'quorum none\n',
      note: cosigned(SIGNED, 1),
      ok: true,
    },
    { what: 'an unknown one has cosigned', policy: `witness a ${A}\nquorum a\n`, note: cosigned(SIGNED, 1), ok: false },
    {
      what: 'a cosignature of another size',
      policy: `witness a ${A}\nquorum a\n`,
      note: cosigned(SIGNED, 0).replace('\n12\n', '\n13\n'),
      ok: false,
    },
    { what: 'a cosignature with another bit', policy: `witness a ${A}\nquorum a\n`, note: wrong, ok: false },
    {
      what: 'the same, of a witness that isn’t demanded',
      policy: `witness a ${A}\nquorum none\n`,
      note: wrong,
      ok: false,
    },
  ]
}

// Trees.

function treeVectors() {
  const leaves = Array.from({ length: 20 }, (_, i) => leafHash(`leaf ${i}`))
  const at = (i: number) => leaves[i] ?? ''
  const root = (size: number) => (size === 0 ? EMPTY_ROOT : rangeRoot(at, 0, size))
  const inclusion = [1, 2, 3, 7, 8, 13, 20].flatMap(size =>
    [...new Set([0, size >> 1, size - 1])].flatMap(index => {
      const path = inclusionProof(index, size, at)
      const honest = { leaf: at(index), index, size, path, root: root(size), ok: true }
      const tampered = [
        { ...honest, leaf: leafHash('another') },
        { ...honest, index: size },
        { ...honest, path: [...path, EMPTY_ROOT] },
        ...(path.length === 0
          ? []
          : [
              { ...honest, path: path.slice(1) },
              { ...honest, path: path.with(0, nodeHash(at(0), at(0))) },
            ]),
        ...(size === 1 ? [] : [{ ...honest, index: index === 0 ? 1 : index - 1 }]),
      ]
      return [honest, ...tampered.map(each => ({ ...each, ok: false }))]
    }),
  )
  const sizes = [0, 1, 2, 3, 6, 8, 13, 20]
  const consistency = sizes.flatMap(old_size =>
    sizes
      .filter(size => size >= old_size)
      .flatMap(size => {
        const proof = consistencyProof(old_size, size, at)
        const honest = { old_size, old_root: root(old_size), size, root: root(size), proof, ok: true }
        const tampered = [
          { ...honest, old_root: nodeHash(at(0), at(0)) },
          // Every tree extends the empty one.
          ...(old_size === 0 && size > 0 ? [] : [{ ...honest, root: nodeHash(at(0), at(0)) }]),
          { ...honest, proof: [...proof, at(0)] },
          ...(proof.length === 0
            ? []
            : [
                { ...honest, proof: proof.slice(0, -1) },
                { ...honest, proof: proof.with(0, at(0) === proof[0] ? at(1) : at(0)) },
              ]),
        ]
        return [honest, ...tampered.map(each => ({ ...each, ok: false }))]
      }),
  )
  return { inclusion, consistency }
}
