/** Whether the environment asks for telemetry, in the words of OpenTelemetry's specification of environment variables. */

type Environment = { readonly [name: string]: string | undefined }

/** Each says where telemetry goes to. */
const ENDPOINTS = [
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
]
/** And these by what; `none` is by nothing. */
const EXPORTERS = ['OTEL_TRACES_EXPORTER', 'OTEL_METRICS_EXPORTER']

/** The variable that asks for it; null: nothing does, or `OTEL_SDK_DISABLED` says no. */
export function askedBy(env: Environment): string | null {
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return null
  const given = (name: string) => (env[name]?.trim() ?? '') !== ''
  return ENDPOINTS.find(given) ?? EXPORTERS.find(name => given(name) && env[name]?.trim() !== 'none') ?? null
}
