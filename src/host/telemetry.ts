/** Telemetry of a run that is hosted, where the environment asks for it. */
import { z } from 'zod'
import type { SplittingLedger } from '../ledger/write-port.ts'
import type { Plan, PlanNode } from '../plan/plan.ts'
import type { AskedModel } from '../telemetry/committed.ts'
import { askedBy } from '../telemetry/settings.ts'
import type { HostPorts, RunObserver } from './ports.ts'

export interface RunTelemetry {
  /** The same ledger, which reports what becomes durable in it. */
  observe(ledger: SplittingLedger): SplittingLedger
  close(): Promise<void>
}

/** null: it isn't asked for, or can't be had, which is reported. Nothing of it is loaded then. */
export async function telemetryOf(
  plan: Plan,
  { env, custody, clock }: HostPorts,
  observer: Pick<RunObserver, 'onTrouble'>,
): Promise<RunTelemetry | null> {
  if (askedBy(env) === null) return null
  const onTrouble = (why: string) => observer.onTrouble(why)
  const [{ beginTelemetry }, { observedLedger }] = await Promise.all([
    import('../telemetry/begin.ts'),
    import('../telemetry/observed-ledger.ts'),
  ])
  const begun = await beginTelemetry({ env, version: custody, onTrouble })
  if (begun === null) return null
  return {
    observe: ledger =>
      observedLedger(ledger, {
        listener: begun.signals,
        plan: { pipeline: plan.name, topology: plan.topology, models: modelsOf(plan) },
        monotonic_us: () => clock.monotonic_us(),
        onTrouble,
      }),
    close: () => begun.close(),
  }
}

export function observed(ledger: SplittingLedger, telemetry: RunTelemetry | null): SplittingLedger {
  return telemetry === null ? ledger : telemetry.observe(ledger)
}

/** Nodes that ask models: by the specs of their plugins calls may cost something (`unpriced`), and the options name provider and model. */
function modelsOf({ nodes }: Plan): ReadonlyMap<string, AskedModel> {
  return new Map(nodes.flatMap(node => modelOf(node)))
}

const ASKED = z.object({ provider: z.string(), model: z.string() })

function modelOf(node: PlanNode): ReadonlyArray<readonly [string, AskedModel]> {
  const plugin =
    'plugin' in node ? node.plugin : node.kind === 'gate' && node.by.kind === 'plugin' ? node.by.plugin : null
  if (plugin === null || !('unpriced' in plugin.spec) || plugin.secrets.some(({ path }) => path[0] === 'model'))
    return []
  const asked = ASKED.safeParse(plugin.options)
  return asked.success ? [[node.name, asked.data]] : []
}
