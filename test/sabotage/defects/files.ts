/** Files that rows name. */
import { type Defect, inMethod } from '../defect.ts'

const manyFilesSink = () => import('../../../src/plugins/sinks/many-files-sink.ts')
const madeFiles = () => import('../../../src/plugins/sinks/made-files.ts')
const namedFiles = () => import('../../../src/plugins/sinks/named-files.ts')

export const FILE_DEFECTS: readonly Defect[] = [
  {
    name: 'files are made before it is on record where they go',
    shape: 'groups-named-crashes',
    changes: [inMethod(manyFilesSink, 'ManyFilesSink', 'settle', settle => () => settle().then(() => false))],
  },
  {
    name: 'what a process that died had made of files stays there',
    shape: 'groups-named-crashes',
    changes: [inMethod(madeFiles, 'FileMaker', 'remove', () => () => undefined)],
  },
  {
    name: 'another process takes files for new ones that have rows',
    shape: 'groups-named-crashes',
    changes: [inMethod(namedFiles, 'NamedFiles', 'restore', () => () => undefined)],
  },
]
