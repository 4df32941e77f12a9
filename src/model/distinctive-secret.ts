/**
 * Which secrets are distinctive: can be told from ordinary words. Only these are taken out of data: a server that needs no key is given `ollama` or
 * `EMPTY`, and an answer that has this word in it isn't to be changed.
 */

/** Length of a password or key in UTF-16 units; a shorter one may stand in texts by chance. */
const LEAST_DISTINCTIVE_LENGTH = 8

/** What documentation of clients and servers says to write where no key is needed, in lower case and without marks. */
const DUMMIES = new Set(
  [
    'anything apikey changeme default dummy dummykey empty example fake fakekey foobar localhost',
    'lmstudio llamacpp local mykey na nokey nokeyneeded nokeyrequired none notneeded notrequired notused null',
    'ollama openai optional password placeholder preview secret skdummy skfake skempty sknokeyrequired sknotneeded',
    'sknone sknull sktest test testing testkey testtest token tokenabc123 undefined unused vllm xinference yourapikey',
    'yourapikeyhere yourkey yourkeyhere',
  ].flatMap(line => line.split(' ')),
)

/** A placeholder that stands where a secret is asked for. */
export function isDummySecret(value: string): boolean {
  const bare = value.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')
  // One sign over and over, as in `sk-xxxxxxxx`, or counting.
  return (
    bare === '' ||
    DUMMIES.has(bare) ||
    /^(?:sk)?(.)\1*$/u.test(bare) ||
    /^(?:sk)?(?:1234|12345|123456|12345678|123456789|1234567890)$/.test(bare)
  )
}

/** False for a value that texts may hold by chance. */
export function isDistinctiveSecret(value: string): boolean {
  return value.length >= LEAST_DISTINCTIVE_LENGTH && !isDummySecret(value)
}
