#!/usr/bin/env node
// Plain JavaScript on purpose: an old Node must get as far as the sentence below.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  process.stderr.write(
    `Custody needs Node 24 or newer; this is Node ${process.versions.node}. Install a current Node, or run: npx -p node@26 -p custody custody\n`,
  )
  process.exitCode = 2
} else {
  const { main } = await import('../dist/cli/main.js')
  process.exitCode = await main(process.argv.slice(2))
}
