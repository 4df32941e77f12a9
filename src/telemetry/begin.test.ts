import { expect, test, vi } from 'vitest'
import { beginTelemetry } from './begin.ts'
import { askedBy } from './settings.ts'

const PORTS = { version: '1' }

test.each([
  [{}, null],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, null],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318', OTEL_SDK_DISABLED: 'TRUE' }, null],
  [{ OTEL_TRACES_EXPORTER: 'none' }, null],
  [{ OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'console' }, 'OTEL_METRICS_EXPORTER'],
])('%j asks by %s', (env, name) => {
  expect(askedBy(env)).toBe(name)
})

test('without its packages it says what to install, and is off', async () => {
  const onTrouble = vi.fn()
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' }
  const missing = () => Promise.reject(new Error('Cannot find package'))
  expect(await beginTelemetry({ ...PORTS, env, onTrouble }, missing)).toBeNull()
  expect(onTrouble.mock.calls[0]?.[0]).toContain('npm install @opentelemetry/api @opentelemetry/sdk-node')
})

test('nothing is loaded that nobody asks for', async () => {
  const load = vi.fn()
  expect(await beginTelemetry({ ...PORTS, env: {}, onTrouble: vi.fn() }, load)).toBeNull()
  expect(load).not.toHaveBeenCalled()
})
