/** The command line from its sources, as bin/custody.js starts it from what is compiled. */
import { main } from '../../src/cli/main.ts'

process.exitCode = await main(process.argv.slice(2))
