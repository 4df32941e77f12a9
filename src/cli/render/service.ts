/** A service that keeps a run waiting, for people. */
import type { ServiceState } from '../../engine/calls/service-state.ts'
import { formatDuration, formatTime } from '../../model/time.ts'
import { count, counted, printable } from './text.ts'

/** `  ⏸ openai: 25 calls in a row failed (503), next try in 20 s · 412 rows wait` */
export function serviceText(state: ServiceState): string {
  const service = printable(state.service)
  switch (state.kind) {
    case 'down': {
      const { failures, last, next_try_us, now_us } = state
      return `  ⏸ ${service}: ${count(failures)} calls in a row failed (${printable(last)}), next try in ${formatDuration(next_try_us - now_us)} · ${waiting(state)}`
    }
    case 'left_alone': {
      const { until_us, now_us } = state
      const until = formatTime(until_us).slice(0, 19).replace('T', ' ')
      return `  ⏸ ${service} asks to be left alone until ${until}Z, for ${formatDuration(until_us - now_us)} · ${waiting(state)}`
    }
    case 'paced': {
      const { until_us, now_us, assumed } = state
      const why = assumed
        ? 'the process before may have asked as often as `per_minute` allows'
        : '`per_minute` is reached'
      return `  ⏸ ${service}: ${why}, next call in ${formatDuration(until_us - now_us)} · ${waiting(state)}`
    }
    case 'back':
      return `  ▶ ${service} answers again`
  }
}

const waiting = ({ open, one_each }: { readonly open: number; readonly one_each: boolean }): string =>
  `${counted(open, one_each ? 'row' : 'token')} wait${open === 1 ? 's' : ''}`
