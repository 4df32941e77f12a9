/** Temporal for Node before 26: a module of its own, so that it is loaded only there and only where it is needed. */
import { Temporal } from 'temporal-polyfill/implementation'

export { Temporal }
