/** Options that may stand in a file of their own. */
import { z } from 'zod'

/**
 * `type`, or `{file: path}`, in whose place the file's content is put when the pipeline is compiled: the plugin's `files`
 * must name the option. So what is left to be parsed is a `type`, and the other alternative is there for editors.
 */
export function orFile<Type extends z.ZodType>(type: Type): z.ZodType<z.output<Type>, z.input<Type>> {
  const path = z.string().min(1).describe('Relative to the pipeline file’s folder')
  const file = z.strictObject({ file: path }).refine(() => false, { error: 'the file has not been read' })
  return z.union([type, file]) as unknown as z.ZodType<z.output<Type>, z.input<Type>>
}
