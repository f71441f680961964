import { defineConfig } from 'vitest/config'

// What `npm run mutate` runs: the tests of the pure packages alone, as one project (Stryker filters them by coverage).
const conditions = ['@issuerkit/source']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: { include: ['packages/*/test/**/*.test.ts'], isolate: false },
})
