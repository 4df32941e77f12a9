/** Whole numbers in texts for people: thousands are set apart, wherever they are printed. */

/** `2404` as `2,404`. */
export function grouped(number: number): string {
  return `${number}`.replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 row`, `2,404 rows`. */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${grouped(number)} ${number === 1 ? one : many}`
}
