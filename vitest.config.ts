import { defineConfig } from 'vitest/config'

// Tests run the sources: the export condition below makes every @issuerkit package resolve to its src/index.ts.
const conditions = ['@issuerkit/source']
const resolve = { conditions }
const ssr = { resolve: { conditions, externalConditions: conditions } }

/** Tests that the portable back end has nothing to do with, each with its reason. */
const OPENSSL_ONLY = [
  ['packages/keys/test/backend*.test.ts', 'name the back ends themselves'],
  ['packages/keys/test/sm4.test.ts', 'names the function itself'],
  ['packages/keys/test/rsa-key-cache.test.ts', 'about the cache of key objects'],
  ['packages/keys/test/tdes*.test.ts', 'name the engines themselves'],
] as const

/**
 * TESTS=all, as CI has it, runs everything. A newcomer's run leaves out what takes long: on the portable back end all but
 * the vectors and the comparisons with OpenSSL, and the files below.
 */
const ALL = process.env['TESTS'] === 'all'
const LONG = [
  ['packages/terminal/test/conformance-{chapters,tearing,random}.test.ts', 'every case on cards of many kinds'],
  ['packages/oda/test/one-byte-changes*.test.ts', 'certificates by the thousand'],
  ['packages/card/test/changes.test.ts', 'a handshake for each bit'],
  ['packages/apdu/test/{hostile,damage}.test.ts', 'long properties'],
  ['packages/keys/test/{keyblock-property,verify-property}.test.ts', 'long properties'],
  ['packages/scripts/test/secure-command.test.ts', 'long properties'],
  ['packages/card/test/memory-tearing.test.ts', 'three cuts, one after another, at every write'],
  ['packages/securechannel/test/handshake.test.ts', 'RSA private operations by the hundred'],
  ['test/broken-purses.test.ts', 'a hundred broken cards, each against the case that catches it'],
  ['test/{fuzz-command,issuer-scripts-one-bit,card-monkey}.test.ts', 'every bit, and many random commands'],
  [
    'test/{channel,issuer-and-card,mutation}.test.ts',
    'every bit of a handshake; all schemes on both protocols; mutants',
  ],
  ['host/test/{keys-use,keys-rewrap,audit-verify,ledger-properties,ledger-simulation}.test.ts', 'matrices and models'],
  ['host/test/threads.test.ts', 'threads that are started, and die'],
  ['host/test/script-batch-stream.test.ts', 'waits until sockets are full; 20,000 lines'],
  ['host/test/channels-faults.test.ts', 'every byte of every answer, and thousands that are none'],
  ['host/test/campaigns-{killed,faults}.test.ts', 'waits for the time of a job to be over; every statement of a chunk'],
  ['host/test/soak-nodes.test.ts', 'thousands of transactions of virtual cards, on nodes that are killed'],
  [
    'host/test/{faults,faults-kill,rounds-kill,rounds-many,interleavings}.test.ts',
    'a fault at every statement, two requests in every order of theirs, nodes that are killed, ten thousand calls',
  ],
] as const
const leftOut = (rows: readonly (readonly [files: string, reason: string])[]): string[] => rows.map(([files]) => files)
const long = ALL ? [] : leftOut(LONG)
const onPortable = ALL ? '**/*' : '**/*{vector,differential}*'

export default defineConfig({
  test: {
    // Both cores of a small machine; left to itself vitest keeps one free.
    maxWorkers: 2,
    projects: [
      {
        resolve,
        ssr,
        // The pure packages keep no state between files, so they share one context: ten times faster.
        test: { name: 'packages', include: ['packages/*/test/**/*.test.ts'], exclude: long, isolate: false },
      },
      {
        resolve,
        ssr,
        // The same tests on the portable back end, which the setup file puts in place.
        test: {
          name: 'portable',
          include: [`packages/{keys,scripts,oda,securechannel}/test/${onPortable}.test.ts`],
          exclude: leftOut(OPENSSL_ONLY),
          setupFiles: ['test/support/portable.ts'],
          env: { BACK_END: 'portable' },
          isolate: false,
          // A private operation by node-forge takes ten milliseconds, and some tests need thousands.
          testTimeout: 300_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'host',
          include: ['host/test/**/*.test.ts'],
          exclude: long,
          isolate: false,
          globalSetup: ['host/test/support/clusters.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'project',
          include: ['test/**/*.test.ts'],
          exclude: long,
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts', 'host/src/**/*.ts'],
      reporter: ['text-summary', 'json-summary', 'lcovonly'],
      thresholds: {
        'packages/*/src/**/*.ts': { lines: 100, branches: 100, functions: 100, statements: 100 },
        'host/src/**/*.ts': { lines: 95, branches: 95 },
      },
    },
  },
})
