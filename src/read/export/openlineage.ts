/**
 * A run as events of OpenLineage (RunEvent of spec 2-0-2): its start, and its end or how far it is; datasets are sources and sinks.
 * Source: https://openlineage.io/spec/2-0-2/OpenLineage.json, and the facets that are named.
 */
import { formatTime } from '../../model/time.ts'
import { ColumnLineage, type ColumnsAt, type Origin } from './columns.ts'
import type { InputFacts, OutputFacts, RunFacts } from './facts.ts'
import { reachedFrom } from './flow.ts'

const EVENT_SCHEMA = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent'
/** Versions of the facets' schemas. */
const FACETS = {
  ProcessingEngineRunFacet: '1-1-1',
  JobTypeJobFacet: '2-0-4',
  SchemaDatasetFacet: '1-2-0',
  ColumnLineageDatasetFacet: '1-2-0',
  InputStatisticsInputDatasetFacet: '1-0-0',
  OutputStatisticsOutputDatasetFacet: '1-0-2',
} as const

type EventType = 'START' | 'RUNNING' | 'COMPLETE' | 'FAIL' | 'ABORT'
type Facet = { readonly [key: string]: unknown }
interface Dataset {
  readonly namespace: string
  readonly name: string
}

/** Of a run that isn't over: how far it is. `interrupted` is computed, and can still be resumed. */
const LAST_EVENTS: { readonly [status in RunFacts['shown']['status']]: EventType } = {
  running: 'RUNNING',
  interrupted: 'RUNNING',
  completed: 'COMPLETE',
  completed_with_failures: 'COMPLETE',
  empty: 'COMPLETE',
  failed: 'FAIL',
  cancelled: 'ABORT',
  abandoned: 'ABORT',
}

/** Two events, each an object that is JSON. */
export function runEvents(facts: RunFacts): readonly object[] {
  const { shown } = facts
  const facet = facetsOf(facts)
  const start = Date.parse(shown.started_at)
  const last = shown.ended_at ?? formatTime((start + shown.duration_ms) * 1000)
  const inputs = facts.inputs.map(input => ({
    ...datasetOf(facts, input.source, input.path),
    facets: schemaOf(facet, input),
  }))
  const event = (eventType: EventType, eventTime: string, more: object) => ({
    ...{ eventType, eventTime, producer: facet.producer, schemaURL: EVENT_SCHEMA },
    run: { runId: shown.run, facets: runFacets(facts, facet, eventType) },
    job: {
      namespace: namespaceOf(facts),
      name: shown.name,
      facets: {
        jobType: facet.of('JobTypeJobFacet', { processingType: 'BATCH', integration: 'CUSTODY', jobType: 'PIPELINE' }),
      },
    },
    ...more,
  })
  return [
    event('START', shown.started_at, {
      inputs,
      outputs: facts.outputs.map(each => datasetOf(facts, each.sink, outputPath(each))),
    }),
    event(LAST_EVENTS[shown.status], last, {
      inputs: inputs.map((each, i) => ({ ...each, inputFacets: inputFacets(facet, facts.inputs[i] as InputFacts) })),
      outputs: outputDatasets(facts, facet),
    }),
  ]
}

interface Facets {
  readonly producer: string
  of(name: keyof typeof FACETS, content: Facet): Facet
  own(name: string, content: Facet): Facet
}

function facetsOf({ custody }: RunFacts): Facets {
  const producer = `urn:custody:software:${custody}`
  return {
    producer,
    of: (name, content) => ({
      _producer: producer,
      _schemaURL: `https://openlineage.io/spec/facets/${FACETS[name]}/${name}.json#/$defs/${name}`,
      ...content,
    }),
    own: (name, content) => ({ _producer: producer, _schemaURL: `urn:custody:openlineage:1:${name}`, ...content }),
  }
}

function runFacets(facts: RunFacts, facet: Facets, type: EventType): { readonly [name: string]: Facet } {
  const { shown, custody } = facts
  const engine = facet.of('ProcessingEngineRunFacet', { name: 'Custody', version: custody })
  if (type === 'START') return { processing_engine: engine }
  const { status, rows, tokens, outcomes, causes } = shown
  return {
    processing_engine: engine,
    custody_counts: facet.own('CountsRunFacet', { status, rows, tokens, outcomes, causes }),
    custody_proof: facet.own('ProofRunFacet', proofOf(facts)),
  }
}

/** Where the run is on record, and what shows it. */
function proofOf({ ledger, log, plan_hash, sealed, shown, checkpoint }: RunFacts): Facet {
  return {
    ...{ ledger, log, plan_sha256: plan_hash },
    entries: sealed?.size ?? shown.entries,
    root: sealed?.root ?? shown.checkpoint,
    ...(sealed === null ? { ledger_head: checkpoint } : { sealed: { body: sealed.body, proof: sealed.proof } }),
  }
}

const namespaceOf = ({ ledger }: RunFacts) => `custody://${ledger}`

const outputPath = ({ files, path }: OutputFacts): string | null =>
  files?.length === 1 ? (files[0]?.path ?? null) : path

/** By OpenLineage's names for files and object stores; what has no path is named by the pipeline. */
function datasetOf(facts: RunFacts, node: string, path: string | null): Dataset {
  if (path === null) return { namespace: namespaceOf(facts), name: `${facts.shown.name}.${node}` }
  const [, namespace, name] = /^([a-z][a-z0-9+.-]+:\/\/[^/]*)\/(.+)$/i.exec(path) ?? []
  return namespace === undefined || name === undefined ? { namespace: 'file', name: path } : { namespace, name }
}

function schemaOf(facet: Facets, { fields }: InputFacts): { readonly [name: string]: Facet } {
  if (fields.length === 0) return {}
  const columns = fields.map(({ name, schema }) => ({
    name,
    ...(typeof schema.type === 'string' ? { type: schema.type } : {}),
  }))
  return { schema: facet.of('SchemaDatasetFacet', { fields: columns }) }
}

function inputFacets(facet: Facets, { records, bytes, files }: InputFacts): { readonly [name: string]: Facet } {
  const size = bytes === null ? {} : { size: bytes }
  const fileCount = files.length === 0 ? {} : { fileCount: files.length }
  return { inputStatistics: facet.of('InputStatisticsInputDatasetFacet', { rowCount: records, ...size, ...fileCount }) }
}

function outputDatasets(facts: RunFacts, facet: Facets): object[] {
  const lineage = new ColumnLineage(facts)
  return facts.outputs.map(output => {
    const { sink, rows, files } = output
    const bytes = (files ?? []).reduce((sum, each) => sum + each.bytes, 0)
    const counts = files === null || files.length === 0 ? {} : { size: bytes, fileCount: files.length }
    return {
      ...datasetOf(facts, sink, outputPath(output)),
      facets: columnFacets(facts, facet, sink, lineage.at(sink)),
      outputFacets: {
        outputStatistics: facet.of('OutputStatisticsOutputDatasetFacet', { rowCount: rows, ...counts }),
      },
    }
  })
}

function columnFacets(facts: RunFacts, facet: Facets, sink: string, at: ColumnsAt): { readonly [name: string]: Facet } {
  const { columns, unknown_behind, influences } = at
  const sources = reachedFrom(facts.topology, sink)
  if (columns === null) return { custody_columns: facet.own('ColumnsDatasetFacet', { unknown_behind, sources }) }
  const fields = [...columns].map(([field, origins]) => [
    field,
    { inputFields: origins.map(each => inputField(facts, each)) },
  ])
  const dataset = influences.map(({ by, ...of }) => ({
    ...fieldOf(facts, of),
    transformations: [{ type: 'INDIRECT', subtype: by }],
  }))
  const more = dataset.length === 0 ? {} : { dataset }
  return { columnLineage: facet.of('ColumnLineageDatasetFacet', { fields: Object.fromEntries(fields), ...more }) }
}

function inputField(facts: RunFacts, { identity, ...of }: Origin): object {
  const subtype = identity ? 'IDENTITY' : 'TRANSFORMATION'
  return { ...fieldOf(facts, of), transformations: [{ type: 'DIRECT', subtype, masking: false }] }
}

function fieldOf(facts: RunFacts, { source, field }: { readonly source: string; readonly field: string }) {
  const path = facts.inputs.find(each => each.source === source)?.path ?? null
  return { ...datasetOf(facts, source, path), field }
}
