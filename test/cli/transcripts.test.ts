import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { Served } from './serve.ts'
import { elided, formatTranscript, parseTranscript, Shell } from './transcript.ts'

const FOLDER = join(import.meta.dirname, 'transcripts')
const UPDATE = process.env.TRANSCRIPTS === 'update'
/** Of what nearly every user meets. The others are for `npm run proofs`. */
const COMMON = 'erasing first-minute mistakes records refusals running testing verifying'.split(' ')

let served: Served
beforeAll(() => {
  served = new Served(inject('bin'))
})
afterAll(() => served.close())

describe.concurrent('transcripts', () => {
  for (const name of readdirSync(FOLDER).filter(each => each.endsWith('.txt')))
    test(name, { tags: COMMON.includes(name.replace('.txt', '')) ? [] : ['proof'] }, async () => {
      const path = join(FOLDER, name)
      const steps = parseTranscript(readFileSync(path, 'utf8'))
      const shell = new Shell(inject('bin'), served)
      try {
        const actual = []
        for (const step of steps) {
          const own_process = step.comments.some(line => line.includes('a process of its own'))
          actual.push({ ...step, expected: elided(await shell.run(step.command, own_process), step.expected) })
        }
        if (UPDATE) writeFileSync(path, formatTranscript(actual))
        expect(formatTranscript(actual)).toBe(formatTranscript(UPDATE ? actual : steps))
      } finally {
        shell.close()
      }
    })
})
