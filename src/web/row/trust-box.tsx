/** Where the reader says whom they trust. Nothing is offered: what the server names can't vouch for the server. */
import { useId, useState } from 'react'
import { trustIn } from '../../read/check/trust-text.ts'
import { Text } from '../parts/text.tsx'
import { keepTrust } from './kept-trust.ts'

export function TrustBox({ kept }: { readonly kept: string }) {
  const [text, setText] = useState(kept)
  const id = useId()
  const read = trustIn(text)
  const changed = text.trim() !== kept.trim()
  return (
    <div className="trust-box">
      <label htmlFor={id}>Whom you trust</label>
      <textarea
        id={id}
        className="input mono"
        rows={3}
        spellCheck={false}
        autoComplete="off"
        value={text}
        placeholder="name+hash+base64 …"
        aria-invalid={!read.ok}
        aria-describedby={`${id}-about ${id}-problem`}
        onChange={event => setText(event.target.value)}
      />
      <p id={`${id}-problem`} className="field-problem" role="alert">
        {!read.ok && <Text of={read.message} />}
      </p>
      <p id={`${id}-about`} className="quiet small">
        Verifier keys, one a line, from whoever keeps the ledger; a policy of witnesses; certificates of timestamp
        authorities (PEM). Get them by another way than this page. They are kept in this browser only, and never sent.
      </p>
      <div className="actions">
        <button type="button" className="button first" disabled={!changed || !read.ok} onClick={() => keepTrust(text)}>
          Keep, and check by it
        </button>
        {kept !== '' && (
          <button
            type="button"
            className="button"
            onClick={() => {
              setText('')
              keepTrust('')
            }}
          >
            Forget
          </button>
        )}
      </div>
    </div>
  )
}
