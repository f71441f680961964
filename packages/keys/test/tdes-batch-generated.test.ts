import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { generated } from '../generate/generate.js'

describe('generated files', () => {
  it('are what the generator makes today, byte for byte', async () => {
    const files = await generated()
    expect(Object.keys(files)).toEqual(['tdes-batch-wasm.data.ts', 'tdes-batch-round.data.ts'])
    for (const [name, text] of Object.entries(files)) {
      const inTree = readFileSync(fileURLToPath(new URL(`../src/${name}`, import.meta.url)), 'utf8')
      // Compared here rather than printed: a diff of 30 KB helps nobody. `npm run generate` makes them anew.
      expect(inTree === text, name).toBe(true)
    }
  })
})
