/** The thread in which pages are read: a page that is made to be slow holds up nothing else there. */
import { parentPort } from 'node:worker_threads'
import { type PageSettings, readPage } from './page.ts'

export interface PageTask {
  readonly html: string
  readonly url: string
  readonly settings: PageSettings
}

/** Said once, when pages can be read: starting isn't reading, and how long it takes depends on the machine. */
export const READY = 'ready'

parentPort?.on('message', ({ html, url, settings }: PageTask) => {
  parentPort?.postMessage(readPage(html, url, settings))
})
parentPort?.postMessage(READY)
