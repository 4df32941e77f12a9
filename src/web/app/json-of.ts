/** The JSON of a response. */
import { parseJson } from '../../model/json.ts'

export async function jsonOf<T>(response: Response): Promise<T> {
  // The server checks its answers against the same shapes before it sends them.
  return parseJson(await response.text())
}
