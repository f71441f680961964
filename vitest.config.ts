import { defineConfig } from 'vitest/config'

// Tests run the sources: the export condition below makes every @issuerkit package resolve to its src/index.ts.
const conditions = ['@issuerkit/source']
const resolve = { conditions }
const ssr = { resolve: { conditions, externalConditions: conditions } }

export default defineConfig({
  test: {
    // Both cores of a small machine; left to itself vitest keeps one free.
    maxWorkers: 2,
    projects: [
      {
        resolve,
        ssr,
        // The pure packages keep no state between files, so they share one context: ten times faster.
        test: { name: 'packages', include: ['packages/*/test/**/*.test.ts'], isolate: false },
      },
      {
        resolve,
        ssr,
        test: { name: 'host', include: ['host/test/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
      },
      {
        resolve,
        ssr,
        test: { name: 'project', include: ['test/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
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
