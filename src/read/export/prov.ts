/**
 * A run in W3C PROV-JSON: what it read and left as entities, the run and its nodes as activities, Custody and who signs as agents.
 * Source: https://www.w3.org/submissions/prov-json/
 */

import type { InputFacts, OutputFacts, RunFacts } from './facts.ts'
import { reachedFrom } from './flow.ts'

type Attributes = { readonly [name: string]: unknown }
type Records = { [id: string]: Attributes }

/** As an object that is JSON, its times as xsd:dateTime. */
export function provDocument(facts: RunFacts): { readonly [section: string]: unknown } {
  const document = new Document()
  const { shown, topology, ledger, plan_hash, custody } = facts
  const run = `run:${shown.run}`
  const plan = `plan:${plan_hash}`
  const software = `software:custody-${custody}`
  document.add('activity', run, {
    'prov:type': name('custody:Run'),
    'prov:label': shown.name,
    'prov:startTime': shown.started_at,
    ...(shown.ended_at === null ? {} : { 'prov:endTime': shown.ended_at }),
    'custody:status': shown.status,
    ...counts('custody:rows', shown.rows),
    ...counts('custody:tokens', shown.tokens),
  })
  document.add('entity', plan, { 'prov:type': name('prov:Plan'), 'custody:sha256': plan_hash })
  document.add('agent', software, { 'prov:type': name('prov:SoftwareAgent'), 'prov:label': `Custody ${custody}` })
  document.relate('wasAssociatedWith', { 'prov:activity': run, 'prov:agent': software, 'prov:plan': plan })
  addRecord(document, run, facts)
  for (const other of [facts.replays, facts.reruns])
    if (other !== null) {
      document.add('activity', `run:${other}`, { 'prov:type': name('custody:Run') })
      document.relate('wasInformedBy', { 'prov:informed': run, 'prov:informant': `run:${other}` })
    }
  addNodes(document, facts)
  const entities = new Map(facts.inputs.map(input => [input.source, addInput(document, input, facts)]))
  for (const output of facts.outputs) {
    const sources = reachedFrom(topology, output.sink)
    addOutput(
      document,
      output,
      facts,
      sources.flatMap(source => entities.get(source) ?? []),
    )
  }
  return { prefix: prefixes(ledger), ...document.sections }
}

/** By kind of element or relation, what there is. */
class Document {
  readonly sections: { [section: string]: Records } = {}
  #relations = 0

  add(section: 'entity' | 'activity' | 'agent', id: string, attributes: Attributes): void {
    this.#section(section)[id] = attributes
  }

  relate(section: string, attributes: Attributes): void {
    this.#relations++
    this.#section(section)[`_:r${this.#relations}`] = attributes
  }

  #section(section: string): Records {
    const found = this.sections[section] ?? {}
    this.sections[section] = found
    return found
  }
}

/** Ids are those of the ledger: two exports of one run have the same, of two ledgers never. */
function prefixes(ledger: string): { readonly [prefix: string]: string } {
  const base = `urn:custody:ledger:${ledger}:`
  const parts = ['run', 'node', 'input', 'output', 'plan', 'record'].map(part => [part, `${base}${part}:`])
  return {
    ...Object.fromEntries(parts),
    software: 'urn:custody:software:',
    key: 'urn:custody:key:',
    custody: 'urn:custody:prov:1:',
    xsd: 'http://www.w3.org/2001/XMLSchema#',
  }
}

/** A name with a prefix, as PROV-JSON has it where it is a value. */
const name = (text: string) => ({ $: text, type: 'xsd:QName' })

function counts(prefix: string, of: object): Attributes {
  return Object.fromEntries(Object.entries(of).map(([key, count]) => [`${prefix}_${key}`, count]))
}

/** Letters that a local name may have; others as their bytes. */
const local = (text: string) => encodeURIComponent(text).replaceAll('%', '-x')

/** The record of the run in the ledger, and who signed the head that commits to it. */
function addRecord(document: Document, run: string, { shown, checkpoint, sealed, log, ledger }: RunFacts): void {
  const record = `record:${log}`
  document.add('entity', record, {
    'prov:type': name('custody:Record'),
    'custody:ledger': ledger,
    'custody:entries': sealed?.size ?? shown.entries,
    'custody:root': sealed?.root ?? shown.checkpoint,
    'custody:sealed': sealed !== null,
    'custody:ledger_head': checkpoint,
  })
  document.relate('wasGeneratedBy', { 'prov:entity': record, 'prov:activity': run })
  if (shown.signed_by === null) return
  const signer = `key:${local(shown.signed_by)}`
  document.add('agent', signer, { 'prov:type': name('custody:SigningKey'), 'prov:label': shown.signed_by })
  document.relate('wasAttributedTo', { 'prov:entity': record, 'prov:agent': signer })
}

/** Nodes are parts of the run; one is informed by those from which rows came to it. */
function addNodes(document: Document, { shown, topology }: RunFacts): void {
  const id = (node: string) => `node:${shown.run}/${local(node)}`
  for (const { node, kind, in: came, ok, error } of shown.nodes) {
    const plugin = topology.nodes.find(each => each.name === node)?.plugin
    document.add('activity', id(node), {
      'prov:type': name('custody:Node'),
      'prov:label': node,
      'custody:run': name(`run:${shown.run}`),
      'custody:kind': kind,
      ...(plugin === undefined ? {} : { 'custody:plugin': plugin }),
      ...{ 'custody:in': came, 'custody:ok': ok, 'custody:errors': error },
    })
  }
  const ways = new Set<string>()
  for (const [from, , to] of topology.edges) {
    const [informant, informed] = [topology.nodes[from - 1], topology.nodes[to - 1]]
    if (informant === undefined || informed === undefined || ways.has(`${from} ${to}`)) continue
    ways.add(`${from} ${to}`)
    document.relate('wasInformedBy', { 'prov:informed': id(informed.name), 'prov:informant': id(informant.name) })
  }
}

/** Gives the ids of its entities. */
function addInput(document: Document, { source, plugin, records, files }: InputFacts, facts: RunFacts): string[] {
  const { run } = facts.shown
  const entities = files.length === 0 ? [{ path: null, sha256: null }] : files
  return entities.map(({ path, sha256 }, i) => {
    const id = `input:${run}/${local(source)}${files.length > 1 ? `/${i + 1}` : ''}`
    document.add('entity', id, {
      'prov:type': name('custody:Input'),
      'prov:label': source,
      'custody:plugin': plugin,
      ...(files.length > 1 ? {} : { 'custody:records': records }),
      ...(path === null ? {} : { 'prov:location': path }),
      ...(sha256 === null ? {} : { 'custody:sha256': sha256 }),
    })
    document.relate('used', { 'prov:activity': `run:${run}`, 'prov:entity': id })
    document.relate('used', { 'prov:activity': `node:${run}/${local(source)}`, 'prov:entity': id })
    return id
  })
}

function addOutput(
  document: Document,
  { sink, plugin, rows, files, path }: OutputFacts,
  { shown: { run, ended_at, status } }: RunFacts,
  sources: readonly string[],
): void {
  // What a run that was given up had written is nowhere to be found.
  if (status === 'abandoned') return
  const known = files === null || files.length === 0 ? [{ path, rows, bytes: null, sha256: null }] : files
  for (const [i, file] of known.entries()) {
    const id = `output:${run}/${local(sink)}${known.length > 1 ? `/${i + 1}` : ''}`
    document.add('entity', id, {
      'prov:type': name('custody:Output'),
      'prov:label': sink,
      'custody:plugin': plugin,
      'custody:rows': file.rows,
      ...(file.path === null ? {} : { 'prov:location': file.path }),
      ...(file.bytes === null ? {} : { 'custody:bytes': file.bytes }),
      ...(file.sha256 === null ? {} : { 'custody:sha256': file.sha256 }),
    })
    const time = ended_at === null ? {} : { 'prov:time': ended_at }
    document.relate('wasGeneratedBy', { 'prov:entity': id, 'prov:activity': `run:${run}`, ...time })
    document.relate('wasGeneratedBy', { 'prov:entity': id, 'prov:activity': `node:${run}/${local(sink)}`, ...time })
    for (const source of sources)
      document.relate('wasDerivedFrom', {
        ...{ 'prov:generatedEntity': id, 'prov:usedEntity': source, 'prov:activity': `run:${run}` },
      })
  }
}
