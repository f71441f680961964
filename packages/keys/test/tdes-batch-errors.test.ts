import { describe, expect, it, vi } from 'vitest'
import { TdesKey } from '../src/key.js'
import {
  type BatchSession,
  decipherRecords,
  deriveIccMasterKeys,
  deriveSessionKeys,
  encipherRecords,
  macsAlgorithm3,
  type RecordField,
} from '../src/tdes-batch.js'
import { javascriptKernel } from '../src/tdes-batch-javascript.js'
import { type Kernel, wasmKernel } from '../src/tdes-batch-kernel.js'
import { chooseKernel } from '../src/tdes-batch-run.js'
import { scriptMacs } from '../src/tdes-batch-scripts.js'
import { coded } from './support/errors.js'

const imk = TdesKey.create(
  'issuer',
  'MAC',
  Uint8Array.from({ length: 16 }, (_, n) => n),
)
const bytes = (length: number) => new Uint8Array(length)
const field = (length: number, more: Partial<RecordField> = {}): RecordField => ({ bytes: bytes(length), ...more })

describe('fields', () => {
  const derive =
    (y: RecordField, out: RecordField, count = 20) =>
    () =>
      deriveIccMasterKeys(imk, { count, y, out })
  it('take arrays that end with the last value', () => {
    expect(derive(field(160), field(320))).not.toThrow()
    expect(derive(field(19 * 11 + 8 + 3, { offset: 3, stride: 11 }), field(320))).not.toThrow()
    expect(derive(field(8, { stride: 0 }), field(320))).not.toThrow()
    expect(derive(field(0), field(0), 0)).not.toThrow()
  })
  it('are refused when the last value would lie outside', () => {
    expect(derive(field(159), field(320))).toThrow(
      coded('ERR_LENGTH', { label: 'y', expected: '160 bytes', got: '159 bytes' }),
    )
    expect(derive(field(160, { offset: 1 }), field(320))).toThrow(coded('ERR_LENGTH', { label: 'y' }))
    expect(derive(field(160, { stride: 9 }), field(320))).toThrow(coded('ERR_LENGTH', { label: 'y' }))
    expect(derive(field(160), field(319))).toThrow(coded('ERR_LENGTH', { label: 'out' }))
    expect(derive(field(7, { stride: 0 }), field(320))).toThrow(coded('ERR_LENGTH', { label: 'y' }))
  })
  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuse %d as offset, stride and count', (value) => {
    expect(derive(field(999, { offset: value }), field(320))).toThrow(coded('ERR_OPTION', { label: 'offset of y' }))
    expect(derive(field(999, { stride: value }), field(320))).toThrow(coded('ERR_OPTION', { label: 'stride of y' }))
    expect(derive(field(999), field(320), value)).toThrow(coded('ERR_OPTION', { label: 'count' }))
  })
  it('refuse values that overlap, and outputs in one place', () => {
    expect(derive(field(999, { stride: 7 }), field(320))).toThrow(coded('ERR_OPTION', { label: 'stride of y' }))
    expect(derive(field(999), field(320, { stride: 0 }))).toThrow(coded('ERR_OPTION', { label: 'stride of out' }))
    expect(derive(field(999), field(320, { stride: 0 }), 1)).not.toThrow()
  })
  it('refuse what are no bytes', () => {
    const text = { bytes: '00'.repeat(80) as unknown as Uint8Array }
    expect(derive(text, field(320))).toThrow(coded('ERR_LENGTH', { label: 'y', got: 'string' }))
  })
  it('are all checked before anything is written', () => {
    const out = field(320)
    expect(derive(field(159), out)).toThrow()
    expect(out.bytes).toEqual(bytes(320))
  })
})

describe('options', () => {
  const run = { count: 2, y: field(16), out: field(32) }
  it('are refused when there is no such parity, method, padding, mode, or length of a MAC', () => {
    const parity = 'even' as unknown as 'odd'
    expect(() => deriveIccMasterKeys(imk, { ...run, parity })).toThrow(coded('ERR_OPTION', { label: 'parity' }))
    const method = { method: 'toString', atc: field(4) } as unknown as BatchSession
    const keys = { count: 2, keys: field(32), out: field(32) }
    expect(() => deriveSessionKeys({ ...keys, session: method })).toThrow(coded('ERR_OPTION', { label: 'method' }))
    const macs = { ...keys, messages: field(32), length: 16 }
    expect(() => macsAlgorithm3({ ...macs, padding: 3 as 1 })).toThrow(coded('ERR_PADDING'))
    for (const macLength of [3, 9, 4.5])
      expect(() => macsAlgorithm3({ ...macs, macLength })).toThrow(coded('ERR_MAC_LENGTH'))
    const cipher = { ...keys, data: field(32), length: 16 }
    const mode = 'ctr' as unknown as 'ecb'
    expect(() => encipherRecords({ ...cipher, mode })).toThrow(coded('ERR_OPTION', { label: 'mode' }))
    expect(() => decipherRecords({ ...cipher, mode: 'ecb', iv: field(16) })).toThrow(
      coded('ERR_OPTION', { label: 'iv' }),
    )
    for (const length of [0, 7, 9]) {
      expect(() => encipherRecords({ ...cipher, length, mode: 'ecb' })).toThrow(coded('ERR_LENGTH', { label: 'data' }))
    }
    expect(() => encipherRecords({ ...cipher, length: -8, mode: 'ecb' })).toThrow(
      coded('ERR_OPTION', { label: 'length' }),
    )
  })
  it.each([
    [1, 8],
    [65_537, 1],
    [4, 7],
    [4, 256],
  ])('are refused for a tree of %i branches and %i levels', (branch, height) => {
    const session = { method: 'emv2000-tree', atc: field(4), branch, height } as const
    for (const constantTime of [false, true]) {
      const derive = () => deriveSessionKeys({ count: 2, keys: field(32), session, out: field(32) }, { constantTime })
      expect(derive).toThrow(coded('ERR_OPTION'))
    }
  })
  it('name an engine that there is', () => {
    const engine = 'gpu' as unknown as 'wasm'
    expect(() => deriveIccMasterKeys(imk, run, { engine })).toThrow(
      coded('ERR_OPTION', { label: 'engine', expected: 'single, wasm or javascript' }),
    )
  })
  it('do not ask the single engine for constant time', () => {
    expect(() => deriveIccMasterKeys(imk, run, { engine: 'single', constantTime: true })).toThrow(
      coded('ERR_OPTION', { label: 'engine', expected: 'wasm or javascript' }),
    )
    expect(() => deriveIccMasterKeys(imk, run, { engine: 'javascript', constantTime: true })).not.toThrow()
  })
  it('are refused when lengths of messages are not one for each, or no lengths', () => {
    const macs = (length: number | readonly number[]) => () =>
      macsAlgorithm3({ count: 2, keys: field(32), messages: field(32, { stride: 16 }), length, out: field(16) })
    expect(macs([1])).toThrow(coded('ERR_OPTION', { label: 'length', expected: '2 numbers', got: '1' }))
    expect(macs([1, 2, 3])).toThrow(coded('ERR_OPTION', { label: 'length' }))
    expect(macs([1, -1])).toThrow(coded('ERR_OPTION', { label: 'length of message 1' }))
    expect(macs([1, 0.5])).toThrow(coded('ERR_OPTION', { label: 'length of message 1' }))
    expect(macs([17, 16])).toThrow(coded('ERR_OPTION', { label: 'stride of messages' }))
    expect(macs(-1)).toThrow(coded('ERR_OPTION', { label: 'length' }))
    expect(macs([16, 16])).not.toThrow()
  })
})

describe('which engine', () => {
  const used = (count: number, options = {}) => {
    const [wasm, script] = [vi.spyOn(wasmKernel() as Kernel, 'tdes'), vi.spyOn(javascriptKernel, 'tdes')]
    deriveIccMasterKeys(imk, { count, y: field(8, { stride: 0 }), out: field(16 * count) }, options)
    const calls = [wasm.mock.calls.length, script.mock.calls.length]
    wasm.mockRestore()
    script.mockRestore()
    return calls
  }
  it('is the single one below 14 records, also for what is left over', () => {
    expect(used(13)).toEqual([0, 0])
    expect(used(14)).toEqual([2, 0])
    expect(used(128 + 13)).toEqual([2, 0])
    expect(used(128 + 14)).toEqual([4, 0])
  })
  it('is never the single one in constant time', () => {
    expect(used(1, { constantTime: true })).toEqual([2, 0])
    expect(used(129, { constantTime: true })).toEqual([4, 0])
    expect(used(0, { constantTime: true })).toEqual([0, 0])
  })
  it('is the one that is named', () => {
    expect(used(1, { engine: 'wasm' })).toEqual([2, 0])
    expect(used(33, { engine: 'javascript' })).toEqual([0, 4])
    expect(used(300, { engine: 'single' })).toEqual([0, 0])
  })
  it('is JavaScript where there is no WebAssembly, and wasm is refused by name', () => {
    const nowhere = () => undefined
    expect(chooseKernel(14, {}, nowhere)).toBe(javascriptKernel)
    expect(chooseKernel(1, { constantTime: true }, nowhere)).toBe(javascriptKernel)
    expect(chooseKernel(13, {}, nowhere)).toBeUndefined()
    expect(() => chooseKernel(14, { engine: 'wasm' }, nowhere)).toThrow(
      coded('ERR_OPTION', { label: 'engine', expected: 'javascript, on this platform' }),
    )
  })
})

describe('what is left in memory', () => {
  const kernels = [wasmKernel() as Kernel, javascriptKernel]
  const run = { count: 20, y: field(8, { stride: 0 }), messages: field(8, { stride: 0 }), length: 8, mac: field(160) }
  const session = { method: 'emv-common', diversificationValue: field(8, { stride: 0 }) } as const
  it.each(['wasm', 'javascript'] as const)('is nothing after a batch: %s', (engine) => {
    scriptMacs(imk, { ...run, session }, { engine })
    expect(run.mac.bytes.subarray(0, 8)).not.toEqual(bytes(8))
    for (const kernel of kernels) expect(kernel.bytes.every((byte) => byte === 0)).toBe(true)
  })
  it.each(kernels.map((kernel) => ({ kernel, engine: kernel.name })))(
    'nor after one that failed: $engine',
    ({ kernel, engine }) => {
      const fault = vi.spyOn(kernel, 'store').mockImplementation(() => {
        throw new RangeError('out of order')
      })
      expect(() => scriptMacs(imk, { ...run, session }, { engine })).toThrow(RangeError)
      fault.mockRestore()
      expect(kernel.bytes.every((byte) => byte === 0)).toBe(true)
    },
  )
})
