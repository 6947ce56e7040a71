import { html, Markup } from '../../core/page/markup.ts'
import { pageStyle } from '../../core/page/style.ts'
import type { OpenApi } from './openapi.ts'

interface Operation {
  readonly summary?: string
  readonly responses?: Readonly<Record<string, { readonly description?: string }>>
}

/** The API document to read: no script and nothing from elsewhere, so that it opens where the server runs. */
export function docsPage(document: OpenApi): string {
  const { info, paths, components } = document
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    (['post', 'get'] as const).flatMap((method) =>
      item[method] === undefined ? [] : [operationRow(method, path, item[method])],
    ),
  )
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) =>
      html`<details id="${name}">
        <summary><code>${name}</code></summary>
        <pre>${JSON.stringify(schema, null, 2)}</pre>
      </details>`,
  )
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${info.title}</title>
        <style>
          ${new Markup(pageStyle)}
        </style>
      </head>
      <body>
        <main>
          <h1>${info.title} ${info.version}</h1>
          <p>For programs: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1)</p>
          <table>
            <thead>
              <tr>
                <th>Request</th>
                <th>Does</th>
                <th>Answers</th>
              </tr>
            </thead>
            <tbody>
              ${operations}
            </tbody>
          </table>
          <h2>Bodies</h2>
          ${schemas}
        </main>
      </body>
    </html>`.text
}

function operationRow(method: string, path: string, operation: unknown): Markup {
  const { summary = '', responses = {} } = operation as Operation
  const statuses = Object.entries(responses).map(
    ([status, { description = '' }]) => html`<div>${status} ${description}</div>`,
  )
  return html`<tr>
    <td><code>${method.toUpperCase()} ${path}</code></td>
    <td>${summary}</td>
    <td>${statuses}</td>
  </tr>`
}
