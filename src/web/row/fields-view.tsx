/** Fields of the data with their values; of a step, what it changed first, and what it left as it was folded away. */
import { Icon, type IconName } from '../parts/icons.tsx'
import { Text } from '../parts/text.tsx'
import { counted } from '../parts/units.ts'
import type { DataChange, FieldChange } from './changes.ts'
import { ValueView } from './value-view.tsx'

type Fields = ReadonlyArray<readonly [field: string, value: unknown]>

export function FieldsView({ fields }: { readonly fields: Fields }) {
  return (
    <dl className="fields">
      {fields.map(([field, value]) => (
        <div key={field}>
          <dt>
            <Text of={field} />
          </dt>
          <dd>
            <ValueView value={value} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

export function FoldedFields({ fields, what }: { readonly fields: Fields; readonly what: string }) {
  if (fields.length === 0) return null
  return (
    <details className="folded">
      <summary>{what}</summary>
      <FieldsView fields={fields} />
    </details>
  )
}

const SIGNS: { readonly [kind in FieldChange['kind']]: { readonly icon: IconName; readonly word: string } } = {
  changed: { icon: 'half', word: 'changed' },
  new: { icon: 'dot', word: 'new' },
  removed: { icon: 'dash', word: 'removed' },
  renamed: { icon: 'arrow', word: 'renamed' },
}

export function ChangesView({ of: { changes, unchanged } }: { readonly of: DataChange }) {
  return (
    <div className="changes">
      <table>
        <thead className="spoken">
          <tr>
            <th scope="col">What happened</th>
            <th scope="col">Field</th>
            <th scope="col">Value</th>
          </tr>
        </thead>
        <tbody>
          {changes.map(each => (
            <ChangeRow key={`${each.kind} ${each.field}`} of={each} />
          ))}
        </tbody>
      </table>
      <FoldedFields fields={unchanged} what={`${counted(unchanged.length, 'field')} unchanged`} />
    </div>
  )
}

function ChangeRow({ of }: { readonly of: FieldChange }) {
  const { icon, word } = SIGNS[of.kind]
  return (
    <tr className={`change ${of.kind}`}>
      <td className="change-kind">
        <Icon name={icon} size={12} />
        {word}
      </td>
      <th scope="row">
        {of.kind === 'renamed' && (
          <>
            <span className="was">
              <Text of={of.from} />
            </span>
            {' → '}
          </>
        )}
        <Text of={of.field} />
      </th>
      <td>
        {'before' in of && (
          <span className="before">
            <ValueView value={of.before} />
          </span>
        )}
        {of.kind === 'changed' && <span className="change-arrow"> → </span>}
        {'after' in of && (
          <span className="after">
            <ValueView value={of.after} />
          </span>
        )}
      </td>
    </tr>
  )
}
