/** What docs/object-stores.md has its reader try, with a real emulator. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { CONNECTORS, custodyProcess } from '../support/kills.ts'
import { ROOT } from '../support/source-file.ts'
import { hasStore, StoreServer, storeSaid } from '../support/store-servers.ts'
import { WorkFolder } from '../support/work-folder.ts'

const page = readFileSync(join(ROOT, 'docs', 'object-stores.md'), 'utf8')
const section = page.slice(page.indexOf('## Trying it without a cloud'))
const blocks = [...section.matchAll(/```(sh|csv|yaml)\n([\s\S]*?)```/g)].map(([, kind, text = '']) => ({ kind, text }))
const textsOf = (kind: string) => blocks.filter(each => each.kind === kind).map(({ text }) => text)

describe.skipIf(!CONNECTORS || !hasStore('az'))(`az${storeSaid('az')}`, () => {
  test('what the page says is what comes', async () => {
    const [, made = '', commands = ''] = textsOf('sh')
    const [orders = '', all] = textsOf('csv')
    const [out = '', back = ''] = textsOf('yaml')
    const server = await StoreServer.begin('az')
    const work = new WorkFolder({ 'orders.csv': orders, 'out.yaml': out, 'back.yaml': back })
    const here = made.replaceAll(':10000/', `:${server.port}/`)
    await promisify(execFile)('sh', ['-ec', here], { cwd: work.folder })
    const [, connection = ''] = /='(.*)'/.exec(here) ?? []
    for (const line of commands.trim().split('\n')) {
      const words = line.replace('npx custody ', '').split(' ')
      const ended = await custodyProcess(work.folder, words, null, { AZURE_STORAGE_CONNECTION_STRING: connection })
      expect(ended.code, ended.stderr).toBe(0)
    }
    expect(readFileSync(join(work.folder, 'all.csv'), 'utf8')).toBe(all)
    await server.close()
    work.close()
  })
})
