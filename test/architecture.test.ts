/** Who may import whom and what, and the house's other rules on source files. The tables come first. */
import { describe, expect, it } from 'vitest'
import {
  COMPUTED,
  comparisonFaults,
  type Directions,
  directionFaults,
  globalFaults,
  idleRows,
  type LibraryRow,
  lengthFaults,
  libraryFaults,
  promiseFaults,
} from './support/architecture.js'
import { projectFiles } from './support/tree.js'

const ALL = /^/

/** Package -> what it may import of the project. scripts, oda and securechannel never import each other. */
const DIRECTIONS: Directions = {
  apdu: {},
  keys: { apdu: ALL },
  scripts: { apdu: ALL, keys: ALL },
  oda: { apdu: ALL, keys: ALL },
  securechannel: { apdu: ALL, keys: ALL },
  // The card is written from the card's side: of oda it takes recovery, signing and the issuing of its certificates,
  // never the checks it is judged by.
  card: {
    apdu: ALL,
    keys: ALL,
    oda: /^(recover|sign|issue|Recovered|Sign|Issued|answerCombined$|iccDynamicData$|emvKey$|TestCa$)/,
  },
  terminal: { apdu: ALL, keys: ALL, scripts: ALL, oda: ALL, securechannel: ALL, card: ALL },
  host: { apdu: ALL, keys: ALL, scripts: ALL, oda: ALL, securechannel: ALL, card: ALL, terminal: ALL },
}

const TESTS = ['packages/*/test/**', 'host/test/**', 'test/**', 'foreign/**']

/**
 * Module -> the files that may import it, one row for each reason. Whatever has no row may be imported by nobody, and a
 * row that nothing needs is a fault, too.
 */
const LIBRARIES: readonly LibraryRow[] = [
  { module: 'node:crypto', files: ['packages/keys/src/backend-node.ts'], reason: 'the one door to OpenSSL' },
  { module: 'node:crypto', files: ['host/src/wrap.ts'], reason: 'AES-256-GCM around keys at rest' },
  { module: 'node:crypto', files: TESTS, reason: 'OpenSSL is the oracle of the tests' },
  { module: 'node:crypto', files: ['bench/**'], reason: 'what our figures are compared with' },
  {
    module: '#default-backend',
    files: ['packages/keys/src/backend.ts'],
    reason: 'package.json gives OpenSSL to Node and the portable back end to browsers',
  },
  { module: 'node-forge', files: TESTS, reason: 'a second opinion; its verify() and asn1 decide nothing' },
  { module: 'node-forge', files: ['bench/**'], reason: 'what our figures are compared with' },
  { module: 'node-forge', files: ['packages/keys/src/rsa-portable.ts'], reason: 'RSA without OpenSSL: raw powers' },
  { module: '@noble/ciphers/aes.js', files: ['packages/keys/src/backend-portable.ts'], reason: 'AES without OpenSSL' },
  { module: '@noble/hashes/legacy.js', files: ['packages/keys/src/backend-portable.ts'], reason: 'SHA-1, likewise' },
  { module: 'jose', files: ['host/src/**', 'host/test/**'], reason: 'access tokens' },
  { module: 'fastify', files: ['host/src/**', 'host/test/**'], reason: 'HTTP' },
  { module: '@fastify/*', files: ['host/src/**', 'host/test/**'], reason: 'HTTP: OpenAPI, headers, errors' },
  { module: 'typebox', files: ['host/src/**', 'host/test/**'], reason: 'the shapes of requests and answers' },
  { module: 'kysely', files: ['host/src/**', 'host/test/**'], reason: 'SQL' },
  { module: 'pg', files: ['host/src/**', 'host/test/**'], reason: 'PostgreSQL' },
  { module: 'pg-boss', files: ['host/src/campaigns/jobs.ts'], reason: 'the jobs of campaigns' },
  { module: 'piscina', files: ['host/src/threads/threads.ts'], reason: 'worker threads for bulk work' },
  {
    module: 'tsx/esm/api',
    files: ['host/src/threads/sources.mjs'],
    reason: 'threads of a host that runs from sources',
  },
  { module: 'commander', files: ['host/src/**', 'host/test/**'], reason: 'the command line' },
  {
    module: 'node:**',
    files: ['host/src/**', 'scripts/**', 'examples/**', 'fuzz/**', 'bench/**'],
    reason: 'they run in Node only',
  },
  { module: 'node:**', files: ['packages/terminal/src/**'], reason: 'readers, sockets and card files are of Node' },
  { module: COMPUTED, files: ['packages/terminal/src/pcsc-module.ts'], reason: 'PC/SC, where somebody installed it' },
  { module: 'node:**', files: TESTS, reason: 'tests run in Node only' },
  { module: 'wabt', files: ['packages/keys/generate/generate.ts'], reason: 'assembles the batch engine' },
  { module: 'node:**', files: ['packages/keys/generate/**'], reason: 'programs that write sources' },
  { module: 'vitest', files: TESTS, reason: 'the test runner' },
  { module: 'vitest/node', files: ['host/test/support/clusters.ts'], reason: 'what starts before the tests' },
  { module: 'fast-check', files: [...TESTS, 'vitest.stryker.setup.ts'], reason: 'property tests' },
  {
    module: 'vitest/config',
    files: ['vitest.config.ts', 'vitest.stryker.config.ts', 'foreign/vitest.config.ts'],
    reason: 'configuration',
  },
  { module: 'esbuild', files: ['scripts/bundle.mjs'], reason: 'packages as one file' },
  { module: 'esbuild', files: ['test/browser/**'], reason: 'a bundle for browsers' },
  { module: 'esbuild', files: ['test/support/broken-purse.ts'], reason: 'a card of changed sources' },
  { module: 'playwright-core', files: ['test/browser/**'], reason: 'Chromium' },
  { module: '@stryker-mutator/*', files: ['scripts/mutate.mjs'], reason: 'mutation runs' },
  { module: COMPUTED, files: ['host/src/embedded/binaries.ts'], reason: 'the PostgreSQL package of the platform' },
  { module: COMPUTED, files: ['bench/bare-process.mjs'], reason: "a plain server of the host's own fastify" },
  { module: COMPUTED, files: ['test/run.test.ts'], reason: 'a script without types' },
  { module: COMPUTED, files: ['test/known-holes.test.ts'], reason: "the host's dependencies, as the host takes them" },
]

const LINES = 300
/** Files above the limit, each with its reason. */
const LONG_FILES = [{ files: '**/*.data.ts', reason: 'tables of a standard are data' }] as const

const SOURCES = projectFiles(/\.(ts|mts|mjs|js)$/)
const shipped = new Map([...SOURCES].filter(([path]) => /^(packages\/[^/]+|host)\/src\//.test(path)))
const pure = new Map([...shipped].filter(([path]) => /^packages\/(?!card\/|terminal\/)/.test(path)))
const one = (path: string, text: string): Map<string, string> => new Map([[path, text]])

describe('the source as it stands', () => {
  it('is found', () => {
    expect([...pure.keys()]).toContain('packages/apdu/src/index.ts')
    expect([...shipped.keys()]).toContain('host/src/main.ts')
    expect([...SOURCES.keys()]).toContain('test/architecture.test.ts')
  })
  it('keeps the directions between packages', () => expect(directionFaults(SOURCES, DIRECTIONS)).toEqual([]))
  it('imports third-party code where the table allows', () => expect(libraryFaults(SOURCES, LIBRARIES)).toEqual([]))
  it('needs every row of the table', () => expect(idleRows(SOURCES, LIBRARIES)).toEqual([]))
  it('uses no global of Node in the pure packages', () => {
    const portable = new Map([...pure].filter(([path]) => path !== 'packages/keys/src/backend-node.ts'))
    expect(globalFaults(portable, ['Buffer', 'process', '__dirname', '__filename', 'global'])).toEqual([])
  })
  it('leaves no promise and no test out', () => expect(promiseFaults(SOURCES)).toEqual([]))
  it('compares secrets in constant time', () => expect(comparisonFaults(shipped)).toEqual([]))
  it(`has no hand-written file above ${LINES} lines`, () => {
    expect(lengthFaults(SOURCES, LINES, LONG_FILES)).toEqual([])
  })
})

describe('directions', () => {
  it.each([
    ['a package above', 'packages/apdu/src/x.ts', "import { a } from '@issuerkit/keys'"],
    ['a sister', 'packages/scripts/src/x.ts', "import { a } from '@issuerkit/oda'"],
    ['a sister by type', 'packages/oda/src/x.ts', "import type { A } from '@issuerkit/securechannel'"],
    ['a sister by a type expression', 'packages/oda/src/x.ts', "type A = import('@issuerkit/scripts').A"],
    ['a sister by re-export', 'packages/securechannel/src/x.ts', "export * from '@issuerkit/oda'"],
    ['a sister by named re-export', 'packages/securechannel/src/x.ts', "export {\n a as b,\n} from '@issuerkit/oda'"],
    ['the host', 'packages/terminal/src/x.ts', "await import('@issuerkit/host')"],
    ['a package above in a test', 'packages/apdu/test/x.test.ts', "import '@issuerkit/keys'"],
    ['the host side from the card', 'packages/card/src/x.ts', "import { buildScript } from '@issuerkit/scripts'"],
    [
      'a check from the card',
      'packages/card/src/x.ts',
      "import { verifyStaticData, signCertificate } from '@issuerkit/oda'",
    ],
    ['all of oda from the card', 'packages/card/src/x.ts', "import * as oda from '@issuerkit/oda'"],
    ['a file inside a package', 'packages/keys/src/x.ts', "import { a } from '@issuerkit/apdu/src/tlv.js'"],
    ['another package by path', 'packages/keys/src/x.ts', "import { a } from '../../apdu/src/tlv.js'"],
    ['its own tests', 'packages/keys/src/x.ts', "import { a } from '../test/helper.js'"],
    ['itself by name', 'packages/keys/src/x.ts', "import { a } from '@issuerkit/keys'"],
  ])('refuse %s', (_, path, text) => expect(directionFaults(one(path, text), DIRECTIONS)).toHaveLength(1))

  it.each([
    ['a package below', 'packages/keys/src/x.ts', "import { a } from '@issuerkit/apdu'"],
    ['recovery and signing', 'packages/card/src/x.ts', "import { recoverKey, signKey as s } from '@issuerkit/oda'"],
    ['itself by name in its tests', 'packages/keys/test/x.test.ts', "import { a } from '@issuerkit/keys'"],
    ['its own files', 'packages/keys/test/a/x.test.ts', "import { a } from '../../src/x.js'"],
    ['vectors', 'packages/keys/test/x.test.ts', "import a from '../../../vectors/mac.json' with { type: 'json' }"],
    ['everything in a test of the whole', 'test/x.test.ts', "import { a } from '../host/src/http-status.js'"],
    ['a comment', 'packages/apdu/src/x.ts', "// import { a } from '@issuerkit/keys'\n/* import '@issuerkit/keys' */"],
    ['a string', 'packages/apdu/src/x.ts', 'const a = "import \'@issuerkit/keys\'"'],
    ['a template', 'packages/apdu/src/x.ts', `const a = \`import '@issuerkit/keys' \${b('}')}\``],
    [
      'a property',
      'packages/apdu/src/x.ts',
      "a.import('@issuerkit/keys'), import.meta.url, { import: '@issuerkit/keys' }",
    ],
    ['an export of its own', 'packages/apdu/src/x.ts', "export { a }\nconst from = '@issuerkit/keys'"],
  ])('allow %s', (_, path, text) => expect(directionFaults(one(path, text), DIRECTIONS)).toEqual([]))
})

describe('libraries', () => {
  it.each([
    ['node:crypto beside the back end', 'packages/keys/src/mac.ts', "import { createHash } from 'node:crypto'"],
    ['crypto without its prefix', 'packages/keys/src/mac.ts', "import { createHash } from 'crypto'"],
    ['node:crypto elsewhere in the host', 'host/src/server.ts', "import type { KeyObject } from 'node:crypto'"],
    ['another module of Node in a pure package', 'packages/apdu/src/x.ts', "import fs from 'node:fs'"],
    ['a subpath of Node', 'packages/apdu/src/x.ts', "import fs from 'fs/promises'"],
    ['a built-in through process', 'packages/apdu/src/x.ts', "process.getBuiltinModule('fs')"],
    ['a require of its own', 'packages/apdu/src/x.ts', "import { createRequire } from 'node:module'"],
    ['types of Node', 'packages/apdu/src/x.ts', '/// <reference types="node" />'],
    ['node-forge in shipped code', 'packages/oda/src/x.ts', "import forge from 'node-forge'"],
    ['noble in shipped code', 'packages/oda/src/x.ts', "import { sha1 } from '@noble/hashes/legacy.js'"],
    ['a part of jose in a package', 'packages/keys/src/x.ts', "import * as jose from 'jose'"],
    ['a part of the web framework in a package', 'packages/keys/src/x.ts', "export { a } from 'fastify'"],
    ['the database in a package', 'packages/scripts/src/x.ts', "const pg = await import('pg', {})"],
    ['the test runner in shipped code', 'host/src/x.ts', "import { it } from 'vitest'"],
    ['a library without a row', 'host/src/x.ts', "import 'left-pad'"],
    ['a computed name', 'packages/keys/src/x.ts', 'await import(`@issuerkit/$' + '{name}`)'],
    ['a required computed name', 'packages/keys/src/x.ts', 'require(name)'],
    ['a require made for the occasion', 'packages/keys/src/x.ts', "createRequire(url)('node:fs')"],
    ['a library in an example', 'examples/x.ts', "import 'fastify'"],
  ])('refuse %s', (_, path, text) => expect(libraryFaults(one(path, text), LIBRARIES)).toHaveLength(1))

  it.each([
    ['the back end', 'packages/keys/src/backend-node.ts', "import { createHash } from 'node:crypto'"],
    ['a test', 'packages/oda/test/x.test.ts', "import { createSign } from 'node:crypto'"],
    ['the host', 'host/src/server.ts', "import cors from '@fastify/helmet'\nimport { join } from 'node:path'"],
  ])('allow %s', (_, path, text) => expect(libraryFaults(one(path, text), LIBRARIES)).toEqual([]))
})

describe('rows of the table', () => {
  const rows = [{ module: 'node:*', files: ['host/src/**'], reason: 'x' }]
  it('are idle when no file of theirs imports the module', () => {
    expect(idleRows(one('host/src/x.ts', "import 'node:fs'"), rows)).toEqual([])
    expect(idleRows(one('host/src/x.ts', "import 'pg'"), rows)).toEqual(['node:* in host/src/**'])
    expect(idleRows(one('packages/apdu/src/x.ts', "import 'node:fs'"), rows)).toHaveLength(1)
  })
})

describe('the other rules', () => {
  it.each(['Buffer.from(a)', 'const { env } = process', '`$' + '{process.cwd()}`'])('find the global in %s', (text) =>
    expect(globalFaults(one('x.ts', text), ['Buffer', 'process'])).toHaveLength(1),
  )
  it.each(['/** process */', 'card.process()', "'Buffer'", '{ process: 1 }'])('find none in %s', (text) =>
    expect(globalFaults(one('x.ts', text), ['Buffer', 'process'])).toEqual([]),
  )

  it.each([
    '// TODO later',
    '/* a\n * FIXME */',
    'it.only("a", f)',
    'describe.skip("a", f)',
    'it.skip.each([])("a", f)',
  ])('find the promise in %s', (text) => expect(promiseFaults(one('x.ts', text))).toHaveLength(1))
  it.each(["const a = 'TODO'", 'it.skipIf(a)("b", f)', 'options.skip = 1'])('find none in %s', (text) =>
    expect(promiseFaults(one('x.ts', text))).toEqual([]),
  )

  it.each([
    'if (mac === received) f()',
    'return arqc !== request.arqc',
    'a == card.pinBlock',
    'toHex(a) === b',
    'key.mac === toHex(b)',
    'equalBytes(computed, cryptogram)',
    'equalBytes(f(a), session.macKey)',
  ])('find the comparison in %s', (text) => expect(comparisonFaults(one('x.ts', text))).not.toEqual([]))
  it.each([
    'mac === undefined',
    'mac.length === 8',
    "purpose === 'MAC'",
    "typeof key === 'string'",
    'equalBytes(rid, card.rid)',
    'equalBytes(a, key.modulus)',
    'constantTimeEqual(mac, received)',
    'issuerPublicKey === other',
    'key !== other',
    "toHex(status) === '9000'",
  ])('find none in %s', (text) => expect(comparisonFaults(one('x.ts', text))).toEqual([]))

  it('counts lines exactly', () => {
    const text = (lines: number): string => 'x\n'.repeat(lines)
    expect(lengthFaults(one('x.ts', text(300)), 300, [])).toEqual([])
    expect(lengthFaults(one('x.ts', text(301)), 300, [])).toEqual(['x.ts has 301 lines'])
    expect(lengthFaults(one('x.ts', `${text(300)}x`), 300, [])).toHaveLength(1)
    expect(lengthFaults(one('a/x.data.ts', text(301)), 300, LONG_FILES)).toEqual([])
  })
})
