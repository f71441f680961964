/**
 * Writes what the bitsliced engine runs: `npm run generate`, which is
 * `node --conditions=@issuerkit/source --import tsx packages/keys/generate/generate.ts`.
 *
 * From the S-box circuits come two engines, WebAssembly with vectors (wat.ts, assembled by the package wabt, 128 lanes)
 * and JavaScript (javascript.ts, 32 lanes). Both files are in the tree, and a test makes them again and compares.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import wabt from 'wabt'
import { parseCircuit } from './circuit.js'
import { javascript } from './javascript.js'
import { SBOX_CIRCUITS } from './sbox-circuits.data.js'
import { SLICES, wat } from './wat.js'

/** The generated files, by their name in packages/keys/src. */
export async function generated(): Promise<Record<string, string>> {
  const circuits = SBOX_CIRCUITS.map(parseCircuit)
  const { parseWat } = await wabt()
  const module = parseWat('tdes-batch.wat', wat(circuits), { simd: true })
  const binary = Buffer.from(module.toBinary({}).buffer).toString('base64')
  module.destroy()
  return {
    'tdes-batch-wasm.data.ts': `/**
 * Made by packages/keys/generate/generate.ts from the S-box circuits: the bitsliced engine as a WebAssembly module.
 * What its functions do stands in packages/keys/generate/wat.ts.
 */

/** Slices at the beginning of the memory; bytes of records follow. */
export const SLICES = ${SLICES}

/** The module, in base 64. */
export const WASM_BASE64 =
  '${binary}'
`,
    'tdes-batch-round.data.ts': javascript(circuits),
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of Object.entries(await generated())) {
    writeFileSync(fileURLToPath(new URL(`../src/${name}`, import.meta.url)), text)
    console.log(name)
  }
}
