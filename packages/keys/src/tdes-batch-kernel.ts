/**
 * The bitsliced engine: DES as a logic circuit, for many lanes at once.
 *
 * A slice holds one bit of a value for every lane: slice 5 of a block is bit 5 of 128 blocks of 128 cards. An XOR of
 * two slices is an XOR in all lanes, and with AND, OR and NOT that is all DES needs: the S-boxes are circuits of about
 * 50 such gates each, and permutations are nothing but the choice of slices. So a batch costs as many instructions as
 * one card, every card has a key of its own, and no instruction looks anything up by a secret or branches on one.
 *
 * Two kernels do the same: WebAssembly with vectors of 128 bits, 128 lanes, and where that is missing JavaScript, whose
 * numbers hold 32. Both are generated from the same circuits (packages/keys/generate); neither is made before it is
 * asked for. The memory of a kernel is slices first, then bytes of records. Slices are named by their number: a block
 * has 64, a DES key 112.
 */
import { SLICES, WASM_BASE64 } from './tdes-batch-wasm.data.js'

/** What a batch is computed with. The numbers that it takes are slices unless they are called addresses or bytes. */
export interface Kernel {
  readonly name: 'wasm' | 'javascript'
  readonly lanes: 128 | 32
  /** The whole memory, as bytes and as words; a slice has `lanes / 32` words. */
  readonly bytes: Uint8Array
  readonly words: Int32Array
  /** Where the bytes of records begin, to the end of the memory. */
  readonly records: number
  /** Blocks of 8 bytes of all lanes, the first at the address `from`, `stride` bytes apart -> a block. */
  load(from: number, stride: number, to: number): void
  /** A block -> blocks of 8 bytes of all lanes. */
  store(from: number, to: number, stride: number): void
  /** A block that is a DES key -> that key, ready for use. */
  schedule(block: number, key: number): void
  /** The block enciphered by DES. */
  des(block: number, key: number): void
  /** The block enciphered by TDES: E(key1), D(key2), E(key3). */
  tdes(block: number, key1: number, key2: number, key3: number): void
  /** The block deciphered by TDES. */
  untdes(block: number, key1: number, key2: number, key3: number): void
  /** block = block XOR other. */
  xor(block: number, other: number): void
  /** The parity bits of a block that is a DES key made odd. */
  parity(block: number): void
}

/** What is used of WebAssembly; a platform without it, or with a policy against it, has no such thing. */
interface WebAssemblyLike {
  readonly Module: new (binary: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: Record<string, unknown> }
}

let wasm: Kernel | undefined

/** The kernel of 128 lanes, see {@link openWasmKernel}; made when it is first asked for, and kept. */
export function wasmKernel(): Kernel | undefined {
  wasm ??= openWasmKernel()
  return wasm
}

/** A kernel of 128 lanes; undefined where the platform cannot, or will not, run WebAssembly with vectors. */
export function openWasmKernel(): Kernel | undefined {
  const binary = Uint8Array.from(atob(WASM_BASE64), (character) => character.charCodeAt(0))
  try {
    const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyLike }).WebAssembly
    const { memory, ...functions } = new Instance(new Module(binary)).exports
    const { buffer } = memory as { readonly buffer: ArrayBuffer }
    return {
      ...(functions as unknown as Pick<
        Kernel,
        'load' | 'store' | 'schedule' | 'des' | 'tdes' | 'untdes' | 'xor' | 'parity'
      >),
      name: 'wasm',
      lanes: 128,
      bytes: new Uint8Array(buffer),
      words: new Int32Array(buffer),
      records: 16 * SLICES,
    }
  } catch {
    return undefined
  }
}
