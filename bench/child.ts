/** A process that measures one thing: its argument is the task, its standard output the answer, both JSON. */
import { execute } from './execute.ts'
import { goOn } from './go-on.ts'
import { interrogate } from './interrogate.ts'
import type { Task } from './task.ts'

const task = JSON.parse(process.argv[2] ?? '') as Task
process.stdout.write(JSON.stringify(await perform(task)))

function perform(task: Task): Promise<object> {
  switch (task.kind) {
    case 'run':
      return execute(task)
    case 'resume':
      return goOn(task)
    case 'read':
      return interrogate(task)
  }
}
