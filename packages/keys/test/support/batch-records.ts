/** Flat records for the tests of the batch engine: random bytes, the numbers of records and the engines to try. */
import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import type { BatchOptions, RecordField } from '../../src/tdes-batch.js'
import { type BatchReference, batchReference } from './batch-reference.js'
import { forgeDes, opensslDes } from './oracles.js'

/** One record, a few, one less than the lanes of WebAssembly, as many, one more, and many. */
export const SIZES = [1, 13, 127, 128, 129, 1000] as const
export const MOST = 1000

/** By number of records, all through slices, each engine by its name. */
export const ENGINES: readonly BatchOptions[] = [
  {},
  { constantTime: true },
  { engine: 'single' },
  { engine: 'wasm' },
  { engine: 'javascript' },
]

/** Records side by side in one array, in an order and with gaps of no regularity. */
export const STRIDE = 137
export const record = (bytes: Uint8Array, offset: number): RecordField => ({ bytes, offset, stride: STRIDE })
export const randomRecords = (count = MOST): Uint8Array => new Uint8Array(randomBytes(STRIDE * count))
/** The value of a record. */
export const at = (bytes: Uint8Array, n: number, offset: number, length: number): Uint8Array =>
  bytes.slice(STRIDE * n + offset, STRIDE * n + offset + length)

const [openssl, forge] = [batchReference(opensslDes), batchReference(forgeDes)]

/** The values expected of all records, on which OpenSSL and node-forge agree. */
export function expected(of: (reference: BatchReference, n: number) => Uint8Array, count = MOST): Uint8Array[] {
  return Array.from({ length: count }, (_, n) => {
    const value = of(openssl, n)
    // A mistake of ours in the reference would show in both; that the libraries agree is asked of every eighth.
    if (n % 8 === 0) expect(of(forge, n)).toEqual(value)
    return value
  })
}

/**
 * Runs `run` with every engine for every number of records; what it wrote must be the first values, and no byte
 * more.
 */
export function expectBatches(
  values: readonly Uint8Array[],
  run: (count: number, out: RecordField, options: BatchOptions) => void,
  sizes: readonly number[] = SIZES,
): void {
  const length = values[0]?.length as number
  for (const count of sizes) {
    const wanted = new Uint8Array((length + 3) * count).fill(0xa5)
    for (let n = 0; n < count; n++) wanted.set(values[n] as Uint8Array, (length + 3) * n + 2)
    for (const options of ENGINES) {
      const bytes = new Uint8Array((length + 3) * count).fill(0xa5)
      run(count, { bytes, offset: 2, stride: length + 3 }, options)
      const right = Buffer.compare(bytes, wanted) === 0
      expect(right, `${count} records, ${JSON.stringify(options)}`).toBe(true)
    }
  }
}
