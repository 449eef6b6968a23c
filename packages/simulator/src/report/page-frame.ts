import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { MachineDescription } from '../experiments/result.ts'
import { PAGE_STYLE } from './page-style.ts'

/** What a page is made with besides the result: the library's own files, put into it. */
export interface PageAssets {
  readonly libraryScript: string
  readonly libraryStyle: string
  /** Names of the files beside the page. */
  readonly files: readonly string[]
}

/** What a page shows. */
export interface PageContent {
  readonly title: string
  readonly subtitle: string
  /** HTML. */
  readonly body: string
  /** What the result was made from, shown whole. */
  readonly input: { readonly title: string; readonly value: unknown }
  /** What the script finds as `plots`. */
  readonly data: unknown
  readonly script: string
  readonly assets: PageAssets
}

/** One page that needs nothing but itself. */
export function renderFrame({ title, subtitle, body, input, data, script, assets }: PageContent): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${assets.libraryStyle}${PAGE_STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p class="faint">${escaped(subtitle)}</p>
${body}
<h2>Everything</h2>
<p>${assets.files.map(file => `<a href="${escaped(file)}">${escaped(file)}</a>`).join(' · ')}</p>
<details><summary>${escaped(input.title)}</summary><pre>${escaped(JSON.stringify(input.value, undefined, 2))}</pre></details>
</main>
<script>${assets.libraryScript}</script>
<script>const plots = ${scriptJson(data)};${script}</script>
</body>
</html>
`
}

/** A table with its title, as HTML. */
export function table(
  title: string,
  headings: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const head = headings.map(heading => `<th scope="col">${escaped(heading)}</th>`).join('')
  const body = rows.map(row => `<tr>${row.map(value => `<td>${escaped(String(value))}</td>`).join('')}</tr>`)
  return `<h2>${escaped(title)}</h2><div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`
}

/** The machine in a few words. */
export function machineText({ cpu, cores, memoryBytes, node, platform }: MachineDescription): string {
  return `${cpu}, ${cores} cores, ${(memoryBytes / 1e9).toFixed(0)} GB, Node.js ${node}, ${platform}`
}

/** The library that draws: the page holds a copy, so that it needs no network. */
export function libraryFiles(): Pick<PageAssets, 'libraryScript' | 'libraryStyle'> {
  const folder = dirname(createRequire(import.meta.url).resolve('uplot'))
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  // Nothing in a script may look like its end.
  const libraryScript = read('uPlot.iife.min.js').replaceAll('</script', '<\\/script')
  return { libraryScript, libraryStyle: read('uPlot.min.css') }
}

/** A text as HTML that shows it as it is. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** JSON inside of a script: nothing in it may end the script. */
function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c')
}
