import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { nodeBackend, opensslDes } from '../src/backend-node.js'
import {
  decryptBlocks,
  decryptCbc,
  desSchedule,
  encryptBlocks,
  encryptCbc,
  isTableDes,
  macAlgorithm1Into,
  macAlgorithm3Into,
  SHORT,
  tableDes,
  tableDesOr,
  tableMacAlgorithm3,
} from '../src/tdes.js'
import { TdesSchedule } from '../src/tdes-schedule.js'
import { coded } from './support/errors.js'

const K1 = '0123456789ABCDEF'
const K2 = 'FEDCBA9876543210'
const KEY = fromHex(K1 + K2)
const TEXT = new TextEncoder().encode('Now is the time for all ')

function run(operation: typeof encryptBlocks, schedule: TdesSchedule, data: Uint8Array): string {
  const output = new Uint8Array(data.length)
  operation(schedule, data, 0, output, 0, data.length)
  return toHex(output)
}

describe('places in arrays', () => {
  const schedule = desSchedule(KEY)
  const plain = Uint8Array.from({ length: 24 }, (_, i) => 7 * i)
  const enciphered = opensslDes('encrypt', KEY, plain)
  const iv = fromHex('1234567890ABCDEF')
  const chained = opensslDes('encrypt', KEY, plain, iv)

  it.each([
    ['encryptBlocks', plain, enciphered, encryptBlocks],
    ['decryptBlocks', enciphered, plain, decryptBlocks],
    [
      'encryptCbc',
      plain,
      chained,
      (...[key, ...rest]: Parameters<typeof encryptBlocks>) => encryptCbc(key, iv, ...rest),
    ],
    [
      'decryptCbc',
      chained,
      plain,
      (...[key, ...rest]: Parameters<typeof encryptBlocks>) => decryptCbc(key, iv, ...rest),
    ],
  ] as const)('%s reads and writes there alone, in place too', (_, data, expected, operation) => {
    const from = new Uint8Array(40).fill(0xaa)
    from.set(data, 3)
    const to = new Uint8Array(40).fill(0xbb)
    operation(schedule, from, 3, to, 5, 24)
    expect(toHex(to)).toBe(`${'BB'.repeat(5)}${toHex(expected)}${'BB'.repeat(11)}`)
    operation(schedule, from, 3, from, 3, 24)
    expect(toHex(from)).toBe(`${'AA'.repeat(3)}${toHex(expected)}${'AA'.repeat(13)}`)
    operation(schedule, from, 3, to, 5, 0)
    expect(toHex(to)).toBe(`${'BB'.repeat(5)}${toHex(expected)}${'BB'.repeat(11)}`)
  })

  it.each([macAlgorithm1Into, macAlgorithm3Into])('a MAC too', (operation) => {
    const alone = new Uint8Array(8)
    operation(schedule, plain, 0, 13, alone, 0)
    const from = new Uint8Array(40).fill(0xaa)
    from.set(plain, 3)
    const to = new Uint8Array(16).fill(0xbb)
    operation(schedule, from, 3, 13, to, 4)
    expect(toHex(to)).toBe(`${'BB'.repeat(4)}${toHex(alone)}${'BB'.repeat(4)}`)
  })

  // data of 16 bytes into output of 16: at, outputAt, length
  const beyond = [
    [1, 0, 16],
    [0, 1, 16],
    [0, 0, 24],
    [-8, 0, 8],
    [0, -8, 8],
    [0, 0, -8],
    [Number.NaN, 0, 8],
  ] as const
  it.each(beyond)('from %i to %i, %i bytes of 16, is refused', (at, outputAt, length) => {
    const data = new Uint8Array(16)
    const output = new Uint8Array(16)
    for (const operation of [encryptBlocks, decryptBlocks]) {
      expect(() => operation(schedule, data, at, output, outputAt, length)).toThrow(coded('ERR_LENGTH'))
    }
    for (const operation of [encryptCbc, decryptCbc]) {
      expect(() => operation(schedule, iv, data, at, output, outputAt, length)).toThrow(coded('ERR_LENGTH'))
    }
    expect(toHex(output)).toBe('00'.repeat(16))
  })

  it.each([1, 7, 9, 15, 8.5, Number.NaN])('%d bytes are no whole blocks', (length) => {
    const data = new Uint8Array(16)
    for (const operation of [encryptBlocks, decryptBlocks]) {
      expect(() => operation(schedule, data, 0, data, 0, length)).toThrow(coded('ERR_LENGTH'))
    }
    for (const operation of [encryptCbc, decryptCbc]) {
      expect(() => operation(schedule, iv, data, 0, data, 0, length)).toThrow(coded('ERR_LENGTH'))
    }
  })

  it('an IV of 7 bytes is refused', () => {
    for (const operation of [encryptCbc, decryptCbc]) {
      expect(() => operation(schedule, iv.subarray(1), plain, 0, new Uint8Array(24), 0, 24)).toThrow(
        coded('ERR_LENGTH'),
      )
    }
  })

  it.each([macAlgorithm1Into, macAlgorithm3Into])('a MAC beyond its arrays is refused', (operation) => {
    expect(() => operation(schedule, plain, 1, 24, new Uint8Array(8), 0)).toThrow(coded('ERR_LENGTH'))
    expect(() => operation(schedule, plain, 0, -1, new Uint8Array(8), 0)).toThrow(coded('ERR_LENGTH'))
    expect(() => operation(schedule, plain, 0, 24, new Uint8Array(8), 1)).toThrow(coded('ERR_LENGTH'))
  })
})

describe('a schedule', () => {
  it.each([0, 1, 7, 9, 15, 17, 23, 25, 32])('is not made of %i bytes', (length) => {
    const run = () => desSchedule(new Uint8Array(length))
    expect(run).toThrow(coded('ERR_KEY', { label: 'DES key', got: `${length} bytes` }))
  })

  it.each([
    [-1, 16],
    [9, 16],
    [17, 8],
    [1, 24],
    [Number.NaN, 8],
  ])('is not made of bytes beyond the array: from %d, %i', (at, length) => {
    expect(() => new TdesSchedule().load(new Uint8Array(24), at, length)).toThrow(coded('ERR_KEY'))
  })

  it('takes a key out of a record, and another one after it', () => {
    const schedule = new TdesSchedule()
    const record = fromHex(`AABB${K1}${K2}89ABCDEF01234567CC`)
    for (const length of [24, 8, 16, 8, 24]) {
      schedule.load(record, 2, length)
      const enciphered = toHex(opensslDes('encrypt', record.slice(2, 2 + length), TEXT))
      expect(run(encryptBlocks, schedule, TEXT)).toBe(enciphered)
      expect(run(decryptBlocks, schedule, fromHex(enciphered))).toBe(toHex(TEXT))
    }
  })

  it('is zeroed when destroyed, and refuses to be used', () => {
    const schedule = desSchedule(KEY)
    const inverse = schedule.inverse()
    expect(inverse.some((word) => word !== 0)).toBe(true)
    schedule.destroy()
    expect(schedule.words.every((word) => word === 0)).toBe(true)
    expect(inverse.every((word) => word === 0)).toBe(true)
    const data = new Uint8Array(8)
    for (const empty of [schedule, new TdesSchedule()]) {
      for (const operation of [encryptBlocks, decryptBlocks]) {
        expect(() => operation(empty, data, 0, data, 0, 8)).toThrow(coded('ERR_KEY_DESTROYED'))
      }
      for (const operation of [encryptCbc, decryptCbc]) {
        expect(() => operation(empty, data, data, 0, data, 0, 8)).toThrow(coded('ERR_KEY_DESTROYED'))
      }
      for (const operation of [macAlgorithm1Into, macAlgorithm3Into]) {
        expect(() => operation(empty, data, 0, 8, data, 0)).toThrow(coded('ERR_KEY_DESTROYED'))
      }
    }
    expect(run(encryptBlocks, schedule.load(KEY), TEXT)).toBe(toHex(opensslDes('encrypt', KEY, TEXT)))
  })
})

describe('as the cipher of a back end', () => {
  it('serves short data itself and leaves the rest to another one', () => {
    const lengths: number[] = []
    const cipher = tableDesOr((direction, key, data, iv) => {
      lengths.push(data.length)
      return opensslDes(direction, key, data, iv)
    })
    for (const length of [8, SHORT, SHORT + 8, 4096]) {
      const data = new Uint8Array(length).fill(0x5a)
      for (const direction of ['encrypt', 'decrypt'] as const) {
        for (const iv of [undefined, fromHex(K2)]) {
          expect(toHex(cipher(direction, KEY, data, iv))).toBe(toHex(opensslDes(direction, KEY, data, iv)))
        }
      }
    }
    expect(lengths).toEqual([...new Array(4).fill(SHORT + 8), ...new Array(4).fill(4096)])
  })

  it('is told from others', () => {
    expect(isTableDes(tableDes)).toBe(true)
    expect(isTableDes(tableDesOr(opensslDes))).toBe(true)
    expect(isTableDes(nodeBackend.des)).toBe(true)
    expect(isTableDes(opensslDes)).toBe(false)
    expect(isTableDes((direction, key, data) => tableDes(direction, key, data))).toBe(false)
  })

  it('refuses what OpenSSL refuses', () => {
    expect(() => tableDes('encrypt', new Uint8Array(15), TEXT)).toThrow(coded('ERR_KEY'))
    expect(() => tableDes('encrypt', KEY, new Uint8Array(9))).toThrow(coded('ERR_LENGTH'))
    expect(() => tableDes('encrypt', KEY, TEXT, new Uint8Array(7))).toThrow(coded('ERR_LENGTH'))
    expect(() => tableMacAlgorithm3(fromHex(K1), TEXT)).toThrow(coded('ERR_KEY'))
  })
})
