/** The page's own style; uPlot brings its own besides. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --faint: #57606a; --paper: #ffffff; --line: #d0d7de; --panel: #f6f8fa; --good: #0b6b3a; --bad: #a40e26; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --faint: #9da7b3; --paper: #0f1318; --line: #30363d; --panel: #171c23; --good: #4cc38a; --bad: #ff8e8e; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 76rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .5rem; }
p { margin: .25rem 0 1rem; max-width: 65ch; }
.faint, figcaption { color: var(--faint); }
dl.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .75rem; margin: 1.25rem 0; }
dl.figures div { background: var(--panel); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; }
dl.figures dt { color: var(--faint); font-size: .85rem; }
dl.figures dd { margin: 0; font-size: 1.2rem; font-variant-numeric: tabular-nums; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(34rem, 100%), 1fr)); gap: 1.5rem; }
figure { margin: 0; min-width: 0; }
figure h3 { font-size: 1rem; margin: 0 0 .25rem; }
figcaption { font-size: .875rem; max-width: 65ch; min-height: 2.6em; }
.plot { min-height: 18rem; }
.u-legend { font-size: .8rem; text-align: left; color: var(--ink); }
.u-legend th { font-weight: 500; }
ul.keys { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: 0 0 1rem; padding: 0; }
ul.keys canvas { width: 16px; height: 16px; vertical-align: -2px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.scroll > table th, .scroll > table td { border-bottom: 1px solid var(--line); padding: .3rem .75rem .3rem 0; text-align: right; white-space: nowrap; }
.scroll > table th:first-child, .scroll > table td:first-child { text-align: left; white-space: normal; }
.scroll > table thead th { color: var(--faint); font-weight: 500; font-size: .85rem; }
details { margin: 1rem 0; }
summary { cursor: pointer; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem; overflow: auto; font-size: .8rem; max-height: 30rem; }
a { color: inherit; }
`
