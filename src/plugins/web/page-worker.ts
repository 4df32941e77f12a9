/** The thread in which pages are read: a page that is made to be slow holds up nothing else there. */
import { parentPort } from 'node:worker_threads'
import { READY } from '../task-thread.ts'
import { type PageSettings, readPage } from './page.ts'

export interface PageTask {
  readonly html: string
  readonly url: string
  readonly settings: PageSettings
}

parentPort?.on('message', ({ html, url, settings }: PageTask) => {
  parentPort?.postMessage(readPage(html, url, settings))
})
parentPort?.postMessage(READY)
