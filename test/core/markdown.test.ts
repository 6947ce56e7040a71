import { expect, test } from 'vitest'
import { fillSections, hasSections, markdownTable } from '../../core/markdown.ts'

const page = `# Title

<!-- generated:numbers -->
old
<!-- /generated -->

between

<!-- generated:names -->
<!-- /generated -->
`

test('fills each part by its name and leaves the rest alone', () => {
  const filled = fillSections(page, (name) => `new ${name}\n`)
  expect(filled).toBe(`# Title

<!-- generated:numbers -->

new numbers

<!-- /generated -->

between

<!-- generated:names -->

new names

<!-- /generated -->
`)
  expect(fillSections(filled, (name) => `new ${name}\n`)).toBe(filled)
})

test('a page without marks is not touched', () => {
  expect(hasSections(page)).toBe(true)
  expect(hasSections('# Title\n')).toBe(false)
  expect(fillSections('# Title $1\n', () => 'never')).toBe('# Title $1\n')
})

test('columns are padded, bars escaped', () => {
  expect(
    markdownTable(
      ['Name', 'V'],
      [
        ['a|b', '1'],
        ['c', '$&'],
      ],
    ),
  ).toBe('| Name | V   |\n| ---- | --- |\n| a\\|b | 1   |\n| c    | $&  |\n')
})
