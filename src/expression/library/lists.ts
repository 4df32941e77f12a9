/** Lists, under the names of CEL and its extensions where these have them. */
import { anyOf, type Possible } from '../total/possible.ts'
import { INT } from '../types.ts'
import { type FunctionGroup, total } from './spec.ts'

const upTo = (most: number) => anyOf(['int'], { int: [0n, BigInt(Math.min(most, Number.MAX_SAFE_INTEGER))] })
const elements = ([holder]: readonly Possible[]) => upTo(holder?.size[1] ?? Number.POSITIVE_INFINITY)

function countCodePoints(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xd800) count--
  return count
}

export const LISTS: FunctionGroup = {
  title: 'Lists',
  functions: [
    {
      name: 'size',
      form: 'both',
      from: 'CEL',
      summary: 'How many characters a text, elements a list, or keys a map has.',
      overloads: [
        total(['string'], INT, ([text]) => BigInt(countCodePoints(text)), {
          results: ([text]) => upTo(text?.length ?? Number.POSITIVE_INFINITY),
        }),
        total(['list'], INT, ([list]) => BigInt(list.length), { results: elements }),
        total(['map'], INT, ([map]) => BigInt(map.size), { results: elements }),
      ],
      examples: [
        ['size("😀é")', 2],
        ['[1, 2].size()', 2],
        ['size({"a": 1})', 1],
      ],
    },
  ],
}
