/**
 * Every key in brackets that is cited in a comment, a document or a text of the shipped code is a row of docs/specs.md, and
 * every row is cited somewhere.
 */
import { describe, expect, it } from 'vitest'
import { tokenize } from './support/source.js'
import { projectFiles, read } from './support/tree.js'

const CITATION = /\[([A-Z][A-Z0-9.-]+)\](?![(:[])/g
const SPECS = 'docs/specs.md'

interface Citation {
  readonly key: string
  readonly at: string
}

/** In shipped code a text that begins with a key and a section is a citation, too: verdicts carry them. */
const TEXT = /^\[[A-Z][A-Z0-9.-]+\] [A-Z0-9]/

/** The citations of a TypeScript source: brackets mean other things in code. */
function inSource(path: string, source: string): Citation[] {
  const shipped = /^(packages\/[^/]+|host)\/src\//.test(path)
  return tokenize(source)
    .filter(({ kind, text }) => kind === 'comment' || (shipped && kind === 'string' && TEXT.test(text)))
    .flatMap(({ text, line }) => keysOf(text).map((key) => ({ key, at: `${path}:${line}` })))
}

/** The citations of a document; what stands in backticks is text about brackets. */
function inDocument(path: string, text: string): Citation[] {
  return keysOf(text).map((key) => ({ key, at: path }))
}

function keysOf(text: string): string[] {
  const prose = text.replaceAll(/```[\s\S]*?```|`[^`\n]*`/g, '')
  return [...prose.matchAll(CITATION)].map(([, key]) => key as string)
}

/** The keys of the table: the first cell of each row, `| [EMV-B1] | … | … |`. */
function keysOfTable(text: string): string[] {
  return [...text.matchAll(/^\| *\[([^\]]+)\] *\|[^|]*\w[^|]*\|[^|]*\w[^|]*\|$/gm)].map(([, key]) => key as string)
}

function faults(citations: readonly Citation[], keys: readonly string[]): string[] {
  const cited = new Set(citations.map(({ key }) => key))
  return [
    ...citations
      .filter(({ key }) => !keys.includes(key))
      .map(({ key, at }) => `${at} cites [${key}], which ${SPECS} lacks`),
    ...keys.filter((key) => !cited.has(key)).map((key) => `nothing cites [${key}] of ${SPECS}`),
    ...keys.filter((key, i) => keys.indexOf(key) !== i).map((key) => `${SPECS} has [${key}] twice`),
  ]
}

const KEYS = keysOfTable(read(SPECS))

describe('citations', () => {
  const sources = [...projectFiles(/\.(ts|mjs)$/)].flatMap(([path, text]) => inSource(path, text))
  const documents = [...projectFiles(/\.md$/)]
    .filter(([path]) => path !== SPECS)
    .flatMap(([path, text]) => inDocument(path, text))

  it('agree with docs/specs.md, both ways', () => expect(faults([...sources, ...documents], KEYS)).toEqual([]))
  it('are found', () => {
    expect(KEYS.length).toBeGreaterThan(5)
    expect(sources.filter(({ at }) => at.startsWith('packages/')).length).toBeGreaterThan(20)
  })
  it('have a document and an edition in every row', () => {
    const rows = read(SPECS)
      .split('\n')
      .filter((line) => line.startsWith('| ['))
    expect(rows).toHaveLength(KEYS.length)
  })
})

describe('the rule', () => {
  it.each([
    ['an unknown key', '// [EMV-B9] 1.2', ['EMV-B1'], 2],
    ['an unknown key beside a known one', '/** @see [EMV-B1] 6.5, [NOPE] */', ['EMV-B1'], 1],
    ['a key nobody cites', '// [EMV-B1]', ['EMV-B1', 'VIS'], 1],
    ['a key listed twice', '// [EMV-B1]', ['EMV-B1', 'EMV-B1'], 1],
  ])('finds %s', (_, text, keys, count) => expect(faults(inSource('x.ts', text), keys)).toHaveLength(count))

  it.each([
    ['code', 'const a = [BIT]; type A = B[KEY]'],
    ['strings and templates', "const a = '[BIT]' + `[BIT]`"],
    ['regular expressions', 'const a = /[A-Z][BIT]/'],
    ['links', '// [CHANGELOG](CHANGELOG.md) [BIT]: x'],
    ['lower case', '// [emv]'],
    ['backticks', '// `[BIT]` in the text'],
  ])('takes %s for no citation', (_, text) => expect(inSource('x.ts', text)).toEqual([]))

  it('reads documents but not the code in them', () => {
    expect(inDocument('x.md', 'by [VIS], not `[KEY]`\n```\n[KEY]\n```\n').map(({ key }) => key)).toEqual(['VIS'])
  })
  it('reads citations that verdicts of shipped code carry', () => {
    const text = "const a = { citation: '[VIS] 6.4', b: 'see [BIT]', c: ['[KEY]'] }"
    expect(inSource('packages/oda/src/x.ts', text)).toEqual([{ key: 'VIS', at: 'packages/oda/src/x.ts:1' }])
    expect(inSource('packages/oda/test/x.test.ts', text)).toEqual([])
  })
  it('reads the line of the citation', () => {
    expect(inSource('x.ts', 'a\n\n/* [VIS] */')).toEqual([{ key: 'VIS', at: 'x.ts:3' }])
  })
  it('reads rows of three cells', () => {
    expect(keysOfTable('| [VIS] | a | b |\n| [X] | a |\n| VIS | a | b |\n')).toEqual(['VIS'])
  })
})
