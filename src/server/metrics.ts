/** Counts of what the server did, in the text form of Prometheus. */

/** Upper bounds of a latency's buckets, in seconds. */
const BOUNDS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

interface Latency {
  readonly buckets: number[]
  sum_s: number
  count: number
}

/** What is read when it is asked for: a name, what it is, and its values by their labels. */
export interface Gauge {
  readonly name: string
  readonly help: string
  readonly values: ReadonlyArray<readonly [labels: Labels, value: number]>
}
type Labels = { readonly [label: string]: string }

export class Metrics {
  private readonly requests = new Map<string, number>()
  private readonly latencies = new Map<string, Latency>()

  /** `route`: as it is declared, never as it was asked: ids would make a line each. */
  count(route: string, method: string, status: number, seconds: number): void {
    const key = labelsText({ route, method, status: String(status) })
    this.requests.set(key, (this.requests.get(key) ?? 0) + 1)
    const of_route = labelsText({ route })
    const latency = this.latencies.get(of_route) ?? { buckets: BOUNDS_S.map(() => 0), sum_s: 0, count: 0 }
    for (const [i, bound] of BOUNDS_S.entries())
      if (seconds <= bound) latency.buckets[i] = (latency.buckets[i] ?? 0) + 1
    latency.sum_s += seconds
    latency.count += 1
    this.latencies.set(of_route, latency)
  }

  text(gauges: readonly Gauge[]): string {
    return [...this.requestLines(), ...this.latencyLines(), ...gauges.flatMap(gaugeLines), ''].join('\n')
  }

  private requestLines(): readonly string[] {
    const name = 'custody_http_requests_total'
    const lines = [...this.requests].map(([labels, count]) => `${name}{${labels}} ${count}`)
    return [`# HELP ${name} Requests that were answered.`, `# TYPE ${name} counter`, ...lines]
  }

  private latencyLines(): readonly string[] {
    const name = 'custody_http_request_duration_seconds'
    const lines = [...this.latencies].flatMap(([labels, { buckets, sum_s, count }]) => [
      ...BOUNDS_S.map((bound, i) => `${name}_bucket{${labels},le="${bound}"} ${buckets[i]}`),
      `${name}_bucket{${labels},le="+Inf"} ${count}`,
      `${name}_sum{${labels}} ${sum_s}`,
      `${name}_count{${labels}} ${count}`,
    ])
    return [`# HELP ${name} Until the head of the answer.`, `# TYPE ${name} histogram`, ...lines]
  }
}

function gaugeLines({ name, help, values }: Gauge): readonly string[] {
  const lines = values.map(([labels, value]) => {
    const text = labelsText(labels)
    return `${name}${text === '' ? '' : `{${text}}`} ${value}`
  })
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines]
}

function labelsText(labels: Labels): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}="${escaped(value)}"`)
    .join(',')
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
