/** The thread in which documents are read. */
import { parentPort } from 'node:worker_threads'
import { READY } from '../task-thread.ts'
import type { DocumentSettings } from './document.ts'
import { documentText } from './document-text.ts'

export interface DocumentTask {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly settings: DocumentSettings
}

// What libraries say of documents and of this machine is for nobody: what matters is an error.
for (const level of ['log', 'warn', 'error'] as const) console[level] = () => undefined

parentPort?.on('message', async ({ bytes, settings }: DocumentTask) => {
  parentPort?.postMessage(await documentText(bytes, settings))
})
parentPort?.postMessage(READY)
