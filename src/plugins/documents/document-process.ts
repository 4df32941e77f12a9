/**
 * The process in which documents are read, one after another. What somebody made to bring a library down brings this process down, and no
 * run. It has no secrets in its environment, and Node lets it neither write, nor start anything, nor (from Node 25 on) reach a network.
 */
import { Worker } from 'node:worker_threads'
import { ownModule } from '../../model/own-file.ts'
import { type DocumentTask, READY } from './document.ts'
import { docxText } from './docx-text.ts'
import { htmlText } from './html-text.ts'
import { pdfText } from './pdf-text.ts'
import type { Guarded } from './process-guard.ts'

// An interrupt at the terminal is for the run, which finishes what it has in hand, and ends this process then.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
process.on('disconnect', () => process.exit())
// What a library leaves behind of a document that it gave up is no other document's: whoever asked has been answered, or is by the limit of time.
process.on('unhandledRejection', () => undefined)

const guarded: Guarded = { most_bytes: Number(process.argv[2]), parent: process.ppid }
new Worker(ownModule('plugins/documents/process-guard'), { workerData: guarded }).unref()

const READERS = { docx: docxText, html: htmlText }

process.on('message', async ({ kind, bytes, settings }: DocumentTask) => {
  process.send?.(kind === 'pdf' ? await pdfText(bytes, settings) : await READERS[kind](Buffer.from(bytes), settings))
})
process.send?.(READY)
