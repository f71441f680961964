import { fromHex, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deriveSessionKey, TdesKey, type TreeInput } from '../src/index.js'
import { coded } from './support/errors.js'
import { ANY_KEY, bytesOf, type Encipher, forgeDes, opensslDes, THOUSANDS, xorBytes } from './support/oracles.js'

const KEY = TdesKey.create('icc', 'AC', fromHex('0123456789ABCDEFFEDCBA9876543210'))
const ATC = fromHex('001C')
const derive = (input: Partial<TreeInput>, key = KEY): string =>
  toHex(deriveSessionKey(key, { method: 'emv2000-tree', atc: ATC, ...input }).expose())

/** The tree by recursion from the leaf, as the standard words it; the code goes from the root. */
function tree(
  encipher: Encipher,
  key: Uint8Array,
  iv: Uint8Array,
  atc: number,
  branch: number,
  height: number,
): Uint8Array {
  const phi = (x: Uint8Array, y: Uint8Array, j: number): Uint8Array => {
    const low = Buffer.alloc(8)
    low.writeUInt32BE(j, 4)
    const high = Buffer.from(low)
    high.writeUInt32BE((j ^ 0xf0) >>> 0, 4)
    return Uint8Array.from([
      ...encipher(x, xorBytes(y.subarray(0, 8), low)),
      ...encipher(x, xorBytes(y.subarray(8), high)),
    ])
  }
  const known = new Map([
    [-1, iv],
    [0, key],
  ])
  // One key a level is enough: below a leaf's ancestor there is no other path to the leaf.
  const ik = (i: number, j: number): Uint8Array => {
    const found =
      known.get(i) ?? phi(ik(i - 1, Math.trunc(j / branch)), ik(i - 2, Math.trunc(j / branch / branch)), j % branch)
    known.set(i, found)
    return found
  }
  const raw = xorBytes(ik(height, atc), ik(height - 2, Math.trunc(atc / branch / branch)))
  return raw.map((byte) => (byte.toString(2).replaceAll('0', '').length % 2 === 1 ? byte : byte ^ 1))
}

describe('the tree', () => {
  it('has four branches, eight levels and a zero IV unless told otherwise', () => {
    expect(derive({})).toBe('E5BF6D1067F194B0A89B7F5D83BC64A2')
    expect(derive({ branch: 4, height: 8, iv: new Uint8Array(16) })).toBe('E5BF6D1067F194B0A89B7F5D83BC64A2')
  })

  it('agrees with OpenSSL and forge in every shape', () => {
    const shape = fc.constantFrom(
      [2, 16],
      [3, 11],
      [4, 8],
      [5, 7],
      [16, 4],
      [17, 4],
      [41, 3],
      [256, 2],
      [300, 2],
      [65_536, 1],
    )
    fc.assert(
      fc.property(
        bytesOf(16),
        bytesOf(16),
        fc.nat(0xffff),
        shape,
        fc.boolean(),
        (key, iv, atc, [branch = 0, height = 0], useForge) => {
          const input = { atc: Uint8Array.of(atc >> 8, atc & 0xff), branch, height, iv }
          const expected = tree(useForge ? forgeDes : opensslDes, key, iv, atc, branch, height)
          expect(derive(input, TdesKey.create('icc', 'AC', key, ANY_KEY))).toBe(toHex(expected))
        },
      ),
      THOUSANDS,
    )
  })

  it('may be higher than the ATC needs', () => {
    const expected = tree(opensslDes, KEY.expose(), new Uint8Array(16), 0x1c, 2, 20)
    expect(derive({ branch: 2, height: 20 })).toBe(toHex(expected))
    expect(derive({ branch: 2, height: 255 })).toHaveLength(32)
  })
})

describe('refused', () => {
  it.each([0, 1, -4, 2.5, 65_537, Number.NaN])('branch %d', (branch) =>
    expect(() => derive({ branch, height: 16 })).toThrow(coded('ERR_OPTION', { label: 'branch' })),
  )
  it.each([0, -1, 8.5, 256, Number.NaN])('height %d', (height) =>
    expect(() => derive({ branch: 65_536, height })).toThrow(coded('ERR_OPTION', { label: 'height' })),
  )
  it.each([
    [2, 15],
    [4, 7],
    [255, 2],
    [65_535, 1],
  ])('branch %i with height %i, which has fewer leaves than there are ATCs', (branch, height) =>
    expect(() => derive({ branch, height })).toThrow(coded('ERR_OPTION', { label: 'height' })),
  )
  it.each([0, 8, 15, 17])('an IV of %i bytes', (length) =>
    expect(() => derive({ iv: new Uint8Array(length) })).toThrow(coded('ERR_LENGTH', { label: 'iv' })),
  )
})
