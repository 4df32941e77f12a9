/** The nodes at which something is carried out, with their plugins created. */
import type { Plan, PlanNode } from '../plan/plan.ts'
import type { Gate, Transform } from '../sdk/spec.ts'
import type { Station } from './scheduler.ts'
import { gateVisit, transformVisit, type Visit } from './step.ts'

/** Promises that one node may have under way, where the plugin doesn't say. */
const PLACES = 16

export interface OpenStation extends Station {
  readonly close: (() => Promise<void>) | undefined
}

/** By node number. @throws CustodyError of a plugin that can't be created. */
export async function makeStations(plan: Plan): Promise<Map<number, OpenStation>> {
  const stations = new Map<number, OpenStation>()
  for (const node of plan.nodes) {
    const station = await makeStation(plan, node)
    if (station !== null) stations.set(node.number, station)
  }
  return stations
}

export async function closeStations(stations: ReadonlyMap<number, OpenStation>): Promise<void> {
  for (const station of stations.values()) await station.close?.()
}

async function makeStation(plan: Plan, node: PlanNode): Promise<OpenStation | null> {
  const context = { node: node.name, folder: plan.folder, input: node.input }
  switch (node.kind) {
    case 'transform': {
      const { spec, options } = node.plugin
      const instance: Transform = await spec.create(options, context)
      return opened(transformVisit(node, instance), spec.concurrency?.(options), instance)
    }
    case 'gate': {
      if (node.by.kind !== 'plugin') return opened(gateVisit(node, null), undefined, null)
      const { spec, options } = node.by.plugin
      const instance: Gate = await spec.create(options, context)
      return opened(gateVisit(node, instance), spec.concurrency?.(options), instance)
    }
    case 'source':
    case 'sink':
    case 'fork':
    case 'coalesce':
    case 'aggregate':
      return null
  }
}

function opened(visit: Visit, places: number | undefined, instance: { close?(): Promise<void> } | null): OpenStation {
  return { visit, places: places ?? PLACES, busy: 0, queue: [], close: instance?.close?.bind(instance) }
}
