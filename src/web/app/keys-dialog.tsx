/** All keys that work on this screen, and a switch for them. */
import { useState } from 'react'
import { Dialog } from '../parts/dialog.tsx'
import { keysAreOff, keysNow, switchKeys } from './keys.ts'

export function KeysDialog({ onClose }: { readonly onClose: () => void }) {
  const [on, setOn] = useState(!keysAreOff())
  const toggle = () => {
    switchKeys(!on)
    setOn(!on)
  }
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="keys">
        {keysNow().map(({ keys, what }) => (
          <div key={keys} style={{ display: 'contents' }}>
            <dt>
              {keys.split(' ').map(key => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label className="small">
        <input type="checkbox" checked={on} onChange={toggle} /> Keys are on. Switch them off where speech input or
        another tool types by itself.
      </label>
    </Dialog>
  )
}
