/** Rows of the last runs of a pipeline, as bars; the failed part of each is filled otherwise. */
import { counted, countText } from '../parts/units.ts'
import type { TrendPoint } from './run-list.ts'

const HEIGHT = 22
const STEP = 7
const BAR = 5
const PLACES = 12

export function Trend({ points }: { readonly points: readonly TrendPoint[] }) {
  const most = Math.max(1, ...points.map(each => each.rows))
  const last = points.at(-1)
  const label = `Rows of the last ${counted(points.length, 'run')}: ${points.map(each => countText(each.rows)).join(', ')}; failed: ${points.map(each => countText(each.failed)).join(', ')}`
  return (
    <svg className="trend" width={PLACES * STEP} height={HEIGHT} role="img" aria-label={label}>
      <title>{label}</title>
      {points.map((point, i) => {
        const x = (PLACES - points.length + i) * STEP
        const height = Math.max(1.5, (HEIGHT * point.rows) / most)
        const failed = point.failed === 0 ? 0 : Math.max(2, Math.min(height, (HEIGHT * point.failed) / most))
        return (
          <g key={point.run} className={point === last ? 'now' : ''}>
            <rect x={x} y={HEIGHT - height} width={BAR} height={height} rx="1" />
            {failed > 0 && <rect className="failed" x={x} y={HEIGHT - failed} width={BAR} height={failed} rx="1" />}
          </g>
        )
      })}
    </svg>
  )
}
