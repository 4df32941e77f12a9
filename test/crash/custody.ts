/** The command line as bin/custody.js starts it, but that it keeps nothing in the user's cache. */
import { main } from '../../src/cli/main.ts'

process.exitCode = await main(process.argv.slice(2))
