/**
 * The page: takes a file and what its reader trusts, has the file checked, and shows the result.
 *
 * MAIN-1. Nothing leaves it and nothing stays: it asks no network, keeps nothing, and runs only what it was made with.
 * MAIN-2. Whom to trust comes from the reader alone. Without that no verdict is a good one.
 * MAIN-3. A file that was given later, or other keys, make what is being checked not worth waiting for.
 */
import { isErasure } from '../format/erasure.ts'
import { isCustodyError } from '../model/error.ts'
import { counted, grouped } from '../model/number-text.ts'
import { checkErasure } from '../read/check/check-erasure.ts'
import { checkProof } from '../read/check/check-proof.ts'
import { checkRecord } from '../read/check/check-record.ts'
import { asLetter, proofTextIn } from '../read/check/letter.ts'
import { type ReadTrust, trustIn } from '../read/check/trust-text.ts'
import { printable } from '../read/words/text.ts'
import { element } from './element.ts'
import { evidenceIn } from './evidence.ts'
import { type Checked, resultElement, verdictText } from './result.ts'

const fileInput = element('input', { type: 'file', id: 'file', 'aria-describedby': 'file-help' })
const keysInput = element('textarea', {
  ...{ id: 'keys', rows: 4, spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off' },
  'aria-describedby': 'keys-help keys-problem',
})
const keysFile = element('input', { type: 'file', id: 'keys-file' })
const keysProblem = element('p', { id: 'keys-problem', class: 'failure', role: 'alert' })
const status = element('p', { class: 'status', role: 'status' })
const result = element('div', { id: 'result', tabindex: -1 })
const drop = element(
  'div',
  { class: 'drop' },
  element('label', { for: 'file' }, '1. The file'),
  fileInput,
  element(
    'p',
    { id: 'file-help', class: 'quiet' },
    'Drop it anywhere on this page, or choose it: a proof, a letter, the record of a run, or a certificate of erasure. It stays on this computer.',
  ),
)
const trust = element(
  'div',
  { class: 'trust' },
  element('label', { for: 'keys' }, '2. Whom you trust'),
  keysInput,
  element(
    'p',
    { id: 'keys-help', class: 'quiet' },
    'Verifier keys, one a line, from whoever keeps the ledger; a policy of witnesses (C2SP tlog-policy), which must then be met; certificates of timestamp authorities (PEM). Never take them from the file, or from whoever gave you the file.',
  ),
  element('label', { for: 'keys-file', class: 'small' }, 'or load them from a file: '),
  keysFile,
  keysProblem,
)

/** What is checked at present; null: nothing yet. */
let given: File | null = null
/** Counts what was begun; whatever isn't the last is no longer wanted. */
let latest = 0

function start(): void {
  document.body.append(
    element(
      'main',
      {},
      element('h1', {}, 'Custody verifier'),
      element(
        'p',
        {},
        'Checks what a ledger of Custody proves, in this page alone: without a network, without the ledger, and without trusting whoever gave you the file.',
      ),
      drop,
      trust,
      status,
      result,
    ),
  )
  fileInput.addEventListener('change', () => take(fileInput.files?.[0] ?? null))
  keysInput.addEventListener('change', () => void check())
  keysFile.addEventListener('change', () => void loadKeys(keysFile.files?.[0] ?? null))
  for (const name of ['dragenter', 'dragover'] as const)
    document.addEventListener(name, event => {
      event.preventDefault()
      document.body.classList.add('over')
    })
  document.addEventListener('dragleave', event => {
    if (event.relatedTarget === null) document.body.classList.remove('over')
  })
  document.addEventListener('drop', event => {
    event.preventDefault()
    document.body.classList.remove('over')
    take(event.dataTransfer?.files[0] ?? null)
  })
}

function take(file: File | null): void {
  if (file === null) return
  given = file
  void check()
}

/** Keys are added to those that are there, so that several files can be loaded. */
async function loadKeys(file: File | null): Promise<void> {
  if (file === null) return
  const before = keysInput.value.trimEnd()
  keysInput.value = `${before === '' ? '' : `${before}\n`}${(await file.text()).trim()}\n`
  keysFile.value = ''
  await check()
}

async function check(): Promise<void> {
  const number = ++latest
  const trusted = trustIn(keysInput.value)
  keysProblem.textContent = trusted.ok ? '' : trusted.message
  keysInput.setAttribute('aria-invalid', `${!trusted.ok}`)
  const file = given
  if (file === null) return
  result.replaceChildren()
  result.removeAttribute('data-checked')
  result.removeAttribute('aria-busy')
  if (!trusted.ok) {
    tell('Nothing is checked until that can be read.', 'waits')
    return
  }
  tell(`Checking ${printable(file.name)} …`, 'waits')
  result.setAttribute('aria-busy', 'true')
  // So that this is seen before the work begins.
  await new Promise(resolve => setTimeout(resolve))
  const found = await foundIn(file, trusted, number)
  if (number !== latest) return
  result.removeAttribute('aria-busy')
  result.setAttribute('data-checked', file.name)
  if (found.kind === 'unreadable') {
    tell(`${printable(file.name)} can’t be checked.`, 'done')
    const lines = [
      element('p', { class: 'line' }, printable(found.message)),
      element('p', {}, 'Nothing is known of it.'),
    ]
    result.append(element('div', { class: 'verdict broken' }, ...lines))
    return
  }
  tell(verdictText(found.checked), 'done')
  result.append(resultElement(found.checked, `${printable(file.name)}, ${counted(file.size, 'byte')}`))
}

/** Says how far it is. What is done can be seen below, and is only said to those who hear the page. */
function tell(text: string, state: 'waits' | 'done'): void {
  status.textContent = text
  status.classList.toggle('spoken', state === 'done')
}

/** How often it is said how far a check is: whoever hears the page hears each time. */
const TELLING_MS = 1_000

type Found =
  | { readonly kind: 'checked'; readonly checked: Checked }
  | { readonly kind: 'unreadable'; readonly message: string }

async function foundIn(file: File, { trusting }: Extract<ReadTrust, { ok: true }>, number: number): Promise<Found> {
  let since = performance.now()
  const onProgress = ({ entries, of }: { readonly entries: number; readonly of: number }) => {
    if (number !== latest) throw new Superseded()
    if (performance.now() - since < TELLING_MS) return
    since = performance.now()
    tell(`Checking ${printable(file.name)}: ${grouped(entries)} of ${grouped(of)} entries`, 'waits')
  }
  try {
    const evidence = await evidenceIn(file)
    if (evidence.kind === 'record')
      return { kind: 'checked', checked: await checkRecord(evidence.pieces, { ...trusting, onProgress }) }
    if (isErasure(evidence.text)) return { kind: 'checked', checked: checkErasure(evidence.text, trusting) }
    const { text, in_letter } = proofTextIn(evidence.text)
    const checked = await checkProof(text, trusting)
    return { kind: 'checked', checked: in_letter ? asLetter(checked) : checked }
  } catch (error) {
    if (error instanceof Superseded) return { kind: 'unreadable', message: '' }
    if (isCustodyError(error)) return { kind: 'unreadable', message: `${error.code}: ${error.message}` }
    // A defect of the page isn't a verdict on the file.
    return { kind: 'unreadable', message: `This page has met a defect: ${String(error)}` }
  }
}

/** MAIN-3. */
class Superseded extends Error {}

start()
