/** Of a merge: which branch wrote which field, and the values that another branch's beat. */
import type { MergeDetail } from '../../read/explain/story.ts'
import { Text } from '../parts/text.tsx'
import { ValueView } from './value-view.tsx'

export function MergeView({ of: { origins, overruled } }: { readonly of: MergeDetail }) {
  const fields = Object.entries(origins)
  if (fields.length === 0) return null
  return (
    <table className="merge">
      <caption className="spoken">Which branch wrote which field</caption>
      <thead>
        <tr>
          <th scope="col">field</th>
          <th scope="col">written by branch</th>
          <th scope="col">overruled</th>
        </tr>
      </thead>
      <tbody>
        {fields.map(([field, branch]) => (
          <tr key={field}>
            <th scope="row">
              <Text of={field} />
            </th>
            <td>
              <Text of={branch} />
            </td>
            <td>
              {(overruled[field] ?? []).map(each => (
                <span key={each.branch} className="overruled">
                  <span className="was">
                    <ValueView value={each.value} />
                  </span>{' '}
                  <span className="quiet">
                    of <Text of={each.branch} />
                  </span>
                </span>
              ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
