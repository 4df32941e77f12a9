/** Who works on a split, and what is wrong with that. */
import type { ReactNode } from 'react'
import type { SplitWorker } from '../../api/splits.ts'
import { LEASE_TROUBLE } from '../../read/words/splits.ts'
import { Icon } from '../parts/icons.tsx'
import { Text } from '../parts/text.tsx'

/** `db1, process 4123` */
export function Worker({ of: { host, pid, lease } }: { readonly of: SplitWorker }) {
  const trouble = LEASE_TROUBLE[lease]
  return (
    <>
      <Text of={host} />, process {pid}
      {trouble !== null && <Trouble>{trouble}</Trouble>}
    </>
  )
}

/** What is wrong, behind what it is wrong with. */
export function Trouble({ children }: { readonly children: ReactNode }) {
  return (
    <>
      {', '}
      <span className="badge bare tone-open">
        <Icon name="warning" size={12} />
        {children}
      </span>
    </>
  )
}
