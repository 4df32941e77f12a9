/** OpenTelemetry's API as a type: it is loaded only where telemetry is asked for. */
export type { Context, Span } from '@opentelemetry/api'
export type OpenTelemetry = typeof import('@opentelemetry/api')
