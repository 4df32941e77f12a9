/** A process that measures one thing: its argument is the task, its standard output the answer, both JSON. */
import { askingYaml } from './asking.ts'
import { execute, measured } from './execute.ts'
import { interrogate } from './interrogate.ts'
import { look } from './looking.ts'
import { planOfText } from './plan.ts'
import { resumeCrashed } from './resume.ts'
import type { Task } from './task.ts'

const task = JSON.parse(process.argv[2] ?? '') as Task
process.stdout.write(JSON.stringify(await perform(task)))

async function perform(task: Task): Promise<object> {
  switch (task.kind) {
    case 'run':
      return execute(task)
    case 'resume':
      return resumeCrashed(task)
    case 'calls':
      return measured(await planOfText(askingYaml(task), task.folder), task)
    case 'read':
      return interrogate(task)
    case 'look':
      return look(task)
  }
}
