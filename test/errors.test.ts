/** The error codes, docs/errors.md, the HTTP map, what the source throws and what the tests name hold together, both ways. */
import { describe, expect, it } from 'vitest'
import { HOST_ERROR_CODES } from '../host/src/errors.js'
import { errorSentence, HTTP_STATUS, httpStatus } from '../host/src/http-status.js'
import { ERROR_CODES, type ErrorCode } from '../packages/apdu/src/index.js'
import { codeTokens } from './support/source.js'
import { projectFiles, read } from './support/tree.js'

/** Where the codes are listed: an occurrence there is no use of them. */
const TABLES = ['packages/apdu/src/errors.ts', 'host/src/errors.ts', 'host/src/http-status.ts']

/** Codes of others that the source compares with, each with whose it is. */
const FOREIGN: Readonly<Record<string, string>> = {}

interface Row {
  readonly code: string
  readonly says: string
  readonly status: number
}

const ROWS: readonly Row[] = [
  ...Object.entries(ERROR_CODES).map(([code, says]) => ({ code, says, status: HTTP_STATUS[code as ErrorCode] })),
  ...Object.entries(HOST_ERROR_CODES).map(([code, { says, status }]) => ({ code, says, status })),
]
const CODES = ROWS.map(({ code }) => code)

/** The rows of docs/errors.md: `| ERR_HEX | When. | 400 |`. */
function rowsOf(document: string): Row[] {
  return [...document.matchAll(/^\| *`(ERR_[A-Z0-9_]+)` *\| *([^|]+?) *\| *(\d{3}) *\|$/gm)].map(
    ([, code, says, status]) => ({
      code: code as string,
      says: says as string,
      status: Number(status),
    }),
  )
}

/** The codes that a source gives to something: literals that are not merely compared with. */
function given(source: string): string[] {
  const tokens = codeTokens(source)
  return tokens
    .filter(({ kind, text }, i) => {
      const compared = ['===', '!==', 'case'].includes(tokens[i - 1]?.text ?? '')
      return kind === 'string' && /^ERR_[A-Z0-9_]+$/.test(text) && !compared && tokens[i + 1]?.text !== '==='
    })
    .map(({ text }) => text)
}

/** The codes that a test names, in whatever kind of text. */
function named(source: string): string[] {
  const texts = codeTokens(source).filter(({ kind }) => kind !== 'punct' && kind !== 'number')
  return texts.flatMap(({ text }) => text.match(/\bERR_[A-Z0-9_]+\b/g) ?? [])
}

const without = (all: readonly string[], some: Iterable<string>): string[] => {
  const known = new Set(some)
  return [...new Set(all)].filter((code) => !known.has(code)).sort()
}

describe('error codes', () => {
  const shipped = [...projectFiles(/^(packages\/[^/]+|host)\/src\/.*\.ts$/)].filter(([path]) => !TABLES.includes(path))
  const thrown = shipped.flatMap(([, source]) => given(source))
  const tests = [...projectFiles(/^(packages\/[^/]+|host)\/test\/.*\.ts$|^test\/(?!errors\.)[^/]+\.test\.ts$/)]
  const vectors = [...projectFiles(/^vectors\/.*\.json$/)]

  it('are documented with their sentence and HTTP status, in the order of the tables', () => {
    expect(rowsOf(read('docs/errors.md'))).toEqual(ROWS)
  })
  it('stand once', () => expect(CODES.filter((code, i) => CODES.indexOf(code) !== i)).toEqual([]))
  it('are thrown somewhere', () => expect(without(CODES, thrown)).toEqual([]))
  it('are all listed', () => expect(without(thrown, [...CODES, ...Object.keys(FOREIGN)])).toEqual([]))
  it('are each named by a test', () => {
    const names = [
      ...tests.flatMap(([, text]) => named(text)),
      ...vectors.flatMap(([, text]) => text.match(/ERR_\w+/g) ?? []),
    ]
    expect(without(CODES, names)).toEqual([])
  })
  it('have a sentence that begins with a capital letter and ends with a full stop', () => {
    expect(ROWS.filter(({ says }) => !/^[A-Z].*[^.]\.$/.test(says))).toEqual([])
  })
  it('have an HTTP status of an error', () => {
    expect(
      ROWS.filter(({ status }) => ![400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503].includes(status)),
    ).toEqual([])
    expect(Object.keys(HTTP_STATUS).sort()).toEqual(Object.keys(ERROR_CODES).sort())
  })
  it('give the host the status and sentence of the tables', () => {
    const answers = ROWS.map(({ code }) => {
      const name = code as ErrorCode
      return { code, says: errorSentence(name), status: httpStatus(name) }
    })
    expect(answers).toEqual(ROWS)
  })
})

describe('the rules', () => {
  it.each([
    ["throw new IssuerkitError('ERR_A')", ['ERR_A']],
    ["throw fail(x ? 'ERR_A' : 'ERR_B')", ['ERR_A', 'ERR_B']],
    ["if (error.code === 'ERR_A') f()", []],
    ["switch (code) { case 'ERR_A': f() }", []],
    ["// throw new IssuerkitError('ERR_A')", []],
    ['throw new IssuerkitError(`ERR_A`)', []],
  ])('read %s as what it gives', (source, codes) => expect(given(source)).toEqual(codes))

  it.each([
    ["expect(f).toThrow('ERR_A: tag')", ['ERR_A']],
    ['expect(f).toThrow(/^ERR_A/)', ['ERR_A']],
    ["// 'ERR_A'", []],
  ])('read %s as what it names', (source, codes) => expect(named(source)).toEqual(codes))

  it('read the rows of the document', () => {
    expect(rowsOf('| `ERR_A` | When. | 400 |\n| ERR_B | When. | 400 |\n')).toEqual([
      { code: 'ERR_A', says: 'When.', status: 400 },
    ])
  })
})
