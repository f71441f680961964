/**
 * Which engine a batch goes through, and the walk over its records.
 *
 * A call of a kernel costs the same for one lane and for all of them, as much as about 14 operations of the single
 * engine. So a batch, and what is left over of one behind the last full call, goes record by record when it is smaller.
 * The single engine reads tables at places that depend on keys and data; whoever minds says `constantTime`, and every
 * record goes through slices, where no branch and no address depends on a secret.
 *
 * A batch needs no memory but the kernel's, 128 KB whatever the number of records, and that is zeroed behind it.
 */
import { IssuerkitError } from '@issuerkit/apdu'
import type { Lanes } from './tdes-batch-fields.js'
import { javascriptKernel } from './tdes-batch-javascript.js'
import { type Kernel, wasmKernel } from './tdes-batch-kernel.js'

/** How a batch is computed. */
export interface BatchOptions {
  /**
   * Through the bitsliced engine, however few records: no branch and no memory access depends on a key or on data.
   * Numbers of records, lengths, and methods show in the time that it takes. False by default.
   */
  readonly constantTime?: boolean
  /**
   * An engine to use whatever the number of records: `single`, or bitsliced as `wasm` (128 lanes) or `javascript` (32).
   * Chosen by number and platform unless given.
   */
  readonly engine?: 'single' | 'wasm' | 'javascript'
}

/** A batch in the two forms. */
export interface BatchWork {
  /** What all calls of the kernel share. */
  prepare?(kernel: Kernel): void
  /** As many records as the kernel has lanes, or fewer. */
  sliced(kernel: Kernel, lanes: Lanes): void
  single(record: number): void
}

/** So many operations of the single engine take as long as one call of a kernel. */
const LEAST_SLICED = 14

/**
 * All records, in their order.
 * @throws ERR_OPTION when there is no such engine, it is not constant-time though that is asked for, or the platform
 *   has
 *   none
 */
export function runBatch(count: number, options: BatchOptions, work: BatchWork): void {
  const kernel = chooseKernel(count, options)
  const least = options.constantTime === true || options.engine !== undefined ? 1 : LEAST_SLICED
  const done = kernel === undefined ? 0 : runSliced(kernel, count, work, least)
  for (let record = done; record < count; record++) work.single(record)
}

/** Records through a kernel, until fewer than `least` are left. @returns the number of those that are done */
export function runSliced(kernel: Kernel, count: number, work: Omit<BatchWork, 'single'>, least = 1): number {
  let first = 0
  try {
    work.prepare?.(kernel)
    while (count - first >= least) {
      const lanes = { first, count: Math.min(kernel.lanes, count - first) }
      work.sliced(kernel, lanes)
      first += lanes.count
    }
  } finally {
    kernel.bytes.fill(0)
  }
  return first
}

/**
 * The kernel for so many records; undefined where the single engine is to do the work.
 * @param openWasm the kernel of WebAssembly, where the platform has one
 * @throws ERR_OPTION
 */
export function chooseKernel(
  count: number,
  { engine, constantTime = false }: BatchOptions,
  openWasm: () => Kernel | undefined = wasmKernel,
): Kernel | undefined {
  if (engine !== undefined && engine !== 'wasm' && engine !== 'javascript' && (engine !== 'single' || constantTime)) {
    const expected = constantTime ? 'wasm or javascript' : 'single, wasm or javascript'
    throw new IssuerkitError('ERR_OPTION', { label: 'engine', expected, got: String(engine) })
  }
  if (engine === 'single' || (engine === undefined && !constantTime && count < LEAST_SLICED)) return undefined
  if (engine === 'javascript') return javascriptKernel
  const kernel = openWasm()
  if (kernel === undefined && engine === 'wasm') {
    throw new IssuerkitError('ERR_OPTION', { label: 'engine', expected: 'javascript, on this platform', got: engine })
  }
  return kernel ?? javascriptKernel
}
