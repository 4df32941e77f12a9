/** Transliteration to ASCII: a module of its own, since its tables take a while to load, and few expressions need them. */
import anyAscii from 'any-ascii'

export { anyAscii }
