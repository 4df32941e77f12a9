/** `npm run vectors`: makes test/vectors anew. test/vectors.test.ts says whether they are current. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { vectors, vectorText } from '../test/vectors/make.ts'

const FOLDER = join(import.meta.dirname, '..', 'test', 'vectors')
for (const [name, value] of await vectors()) {
  writeFileSync(join(FOLDER, name), vectorText(value))
  process.stdout.write(`wrote test/vectors/${name}\n`)
}
