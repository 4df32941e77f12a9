/** How a letter looks, on paper first. */
export const LETTER_STYLE = `
body { margin: 2rem auto; max-width: 44rem; padding: 0 1.25rem; color: #1b1f24; background: #fff; font: 16px/1.5 Georgia, "Times New Roman", serif; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .75rem; }
h2 { font-size: 1.15rem; margin: 1.75rem 0 .4rem; }
h3 { font-size: 1rem; margin: 1rem 0 .3rem; }
p { margin: .35rem 0; }
ul, ol { margin: .35rem 0; padding-left: 1.6rem; }
li { margin: .3rem 0; break-inside: avoid; }
code { font: .85em/1.4 ui-monospace, Menlo, Consolas, monospace; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #c9ced6; }
td:first-child { white-space: nowrap; }
tr { break-inside: avoid; }
th { font-weight: 600; }
.statement { padding: .75rem 1rem; border: 1px solid #57606a; }
.quiet { color: #4d5560; }
h2, h3 { break-after: avoid; }
@media print { body { margin: 0; max-width: none; padding: 0; font-size: 11pt; } }
@page { margin: 2cm; }
`
