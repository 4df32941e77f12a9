/** The JSON of a response. */
export async function jsonOf<T>(response: Response): Promise<T> {
  // cast: the server checks its answers against the same shapes before it sends them.
  return (await response.json()) as T
}
