/**
 * docs/semantics.md is true: each pipeline on it is run, and gives what the page says. With CUSTODY_DOCS=update the page is
 * written anew.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { withBlock } from './support/markdown.ts'
import { nameOf, PipelinePage } from './support/pipeline-page.ts'
import { ROOT } from './support/source-file.ts'

const PATH = join(ROOT, 'docs', 'semantics.md')
const TEXT = readFileSync(PATH, 'utf8')
const page = new PipelinePage(TEXT)
const commands = [...new Set(page.claims.map(({ command }) => command))]

if (process.env.CUSTODY_DOCS === 'update') {
  test('the page is written anew', async () => {
    let text = TEXT
    // From the end, so that lines before stay where they are.
    for (const { block, command, what } of page.claims.toReversed())
      text = withBlock(text, block.line, (await page.finished(command)).outputs.get(what) ?? '')
    writeFileSync(PATH, text)
  })
} else {
  test.each(page.claims.map(claim => [nameOf(claim), claim] as const))('%s', async (_name, claim) => {
    const { outputs } = await page.finished(claim.command)
    expect(outputs.get(claim.what)).toBe(claim.block.text)
  })
}

describe('pipelines of the page', () => {
  test('each of them is run', () => {
    const files = page.blocks.flatMap(({ mark }) => /^file (\S+\.yaml)$/.exec(mark ?? '')?.[1] ?? [])
    expect(files.filter(file => !commands.some(command => command.split(' ')[0] === file))).toEqual([])
    expect(files.length).toBeGreaterThan(8)
  })

  test.each(commands)(
    '%s: what it records holds, and it warns only of branches that may be lost or late',
    async command => {
      const { problems, warnings } = await page.finished(command)
      expect(problems).toEqual([])
      const expected = ['CUSTODY_BRANCH_MAY_BE_LOST', 'CUSTODY_DEPENDS_ON_TIMING']
      expect(warnings.filter(each => !expected.some(code => each.startsWith(code)))).toEqual([])
    },
  )
})
