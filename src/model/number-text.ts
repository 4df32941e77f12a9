/** Whole numbers in texts for people: thousands are set apart, wherever they are printed. */

/** `2404` as `2,404`. */
export function grouped(number: number): string {
  return `${number}`.replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `1st`, `2nd`, `11th`, `2,403rd`. */
export function ordinalText(number: number): string {
  const teens = number % 100 > 10 && number % 100 < 20
  const end = teens ? undefined : (['th', 'st', 'nd', 'rd'] as const)[number % 10]
  return `${grouped(number)}${end ?? 'th'}`
}

/** `1 row`, `2,404 rows`. */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${grouped(number)} ${number === 1 ? one : many}`
}
