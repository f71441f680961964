import { defineConfig } from 'vitest/config'

// Run by foreign/run.sh, which brings pcscd and the programs of other people.
const conditions = ['@issuerkit/source']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    name: 'foreign',
    root: import.meta.dirname,
    include: ['*.test.ts'],
    // There is one pair of readers.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
