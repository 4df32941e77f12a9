/** A process that measures one thing: its argument is the task, its standard output the answer, both JSON. */
import { execute } from './execute.ts'
import { interrogate } from './interrogate.ts'
import type { ReadTask, RunTask } from './task.ts'

const task = JSON.parse(process.argv[2] ?? '') as RunTask | ReadTask
const sample = task.kind === 'run' ? await execute(task) : await interrogate(task)
process.stdout.write(JSON.stringify(sample))
