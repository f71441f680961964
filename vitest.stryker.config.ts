import { configDefaults, defineConfig } from 'vitest/config'

// What `npm run mutate` runs: the tests of one pure package, as one project (Stryker filters them by coverage).
const conditions = ['@issuerkit/source']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts'],
    // Bounds on time and memory do not hold for instrumented code; the exhaustive tests take seconds each.
    exclude: [...configDefaults.exclude, '**/hostile.test.ts', '**/damage.test.ts', '**/one-byte-changes.test.ts'],
    setupFiles: ['vitest.stryker.setup.ts'],
    isolate: false,
  },
})
