import { html, jsonMarkup, Markup } from './markup.ts'
import { pageStyle } from './style.ts'
import { chartLibrary } from './uplot.ts'

export interface ChartPage {
  readonly title: string
  /** What kind of page it is, in small letters at its head. */
  readonly brand: string
  /** Beside the look of all our pages. */
  readonly style: string
  readonly body: Markup
  /** What the script draws: JSON in the element of this id. */
  readonly data: { readonly id: string; readonly value: unknown }
  /** Runs in the browser, where `uPlot` is defined. */
  readonly script: string
}

/** One page with everything in it: no other file, no network, light or dark as the reader's system. */
export function chartPage({ title, brand, style, body, data, script }: ChartPage): string {
  const uplot = chartLibrary()
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="generator" content="rerankscope" />
        <title>rerankscope: ${title}</title>
        <style>
          ${new Markup(uplot.style + pageStyle + style)}
        </style>
      </head>
      <body>
        <main>
          <p class="brand">rerankscope ${brand}</p>
          ${body}
        </main>
        <script type="application/json" id="${data.id}">
          ${jsonMarkup(data.value)}
        </script>
        <script>
          ${new Markup(`${uplot.script}\n${script}`)}
        </script>
      </body>
    </html> `.text
}
