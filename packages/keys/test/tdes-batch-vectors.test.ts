/** The published cases of TDES, each through the bitsliced engines as a batch of one. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import type { PaddingMethod } from '../src/padding.js'
import { type BatchSession, deriveSessionKeys, macsAlgorithm3 } from '../src/tdes-batch.js'
import { bytes, text, vectorCases } from './support/vectors.js'

const METHODS = ['emv-common', 'visa-xor', 'mastercard-skd', 'emv2000-tree', 'pboc']
const ENGINES = ['wasm', 'javascript', 'single'] as const
const withoutParity = (hex: string): string => toHex(fromHex(hex).map((byte) => byte & 0xfe))

const macs = vectorCases('mac').filter(
  ({ inputs, expect }) => inputs['algorithm'] === 'iso9797-1-alg3' && expect?.['mac'],
)
const keys = vectorCases('session-key').filter(
  ({ inputs, expect }) => METHODS.includes(text(inputs, 'method')) && expect?.['key'],
)

describe('published cases', () => {
  it('are there', () => {
    expect(macs.length).toBeGreaterThanOrEqual(5)
    expect(new Set(keys.map(({ inputs }) => inputs['method'])).size).toBeGreaterThanOrEqual(4)
  })
  it.each(macs)('$id', ({ inputs, expect: wanted }) => {
    for (const engine of ENGINES) {
      const messages = { bytes: bytes(inputs, 'data') }
      const out = new Uint8Array(8)
      const padding = Number(inputs['padding'] ?? 2) as PaddingMethod
      const run = { count: 1, keys: { bytes: bytes(inputs, 'key') }, messages, padding, out: { bytes: out } }
      macsAlgorithm3({ ...run, length: messages.bytes.length }, { engine })
      expect(toHex(out)).toMatch(new RegExp(`^${wanted?.['mac']}`))
    }
  })
  it.each(keys)('$id', ({ inputs, expect: wanted, ignoreParity }) => {
    const fields = ['atc', 'diversificationValue', 'unpredictableNumber', 'iv'].filter(
      (name) => inputs[name] !== undefined,
    )
    const numbers = ['branch', 'height'].filter((name) => inputs[name] !== undefined)
    const session = Object.fromEntries([
      ['method', text(inputs, 'method')],
      ...fields.map((name) => [name, { bytes: bytes(inputs, name) }]),
      ...numbers.map((name) => [name, Number(inputs[name])]),
    ]) as unknown as BatchSession
    for (const engine of ENGINES) {
      const out = new Uint8Array(16)
      deriveSessionKeys(
        { count: 1, keys: { bytes: bytes(inputs, 'iccMasterKey') }, session, out: { bytes: out } },
        { engine },
      )
      const [found, published] = [toHex(out), wanted?.['key'] as string]
      expect(ignoreParity ? withoutParity(found) : found).toBe(ignoreParity ? withoutParity(published) : published)
    }
  })
})
