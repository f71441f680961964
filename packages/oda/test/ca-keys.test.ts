/** The published CA keys. */
import { createHash } from 'node:crypto'
import { fromHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { CA_KEY_DATA, publishedCaKeys } from '../src/index.js'

describe('the published CA keys', () => {
  it('are 140, each with a source and its own checksum', () => {
    expect(CA_KEY_DATA.length).toBe(140)
    for (const { rid, index, modulus, exponent, checksum, sources } of CA_KEY_DATA) {
      const hash = createHash('sha1')
        .update(Buffer.from(rid + index + modulus + exponent, 'hex'))
        .digest('hex')
      expect(hash.toUpperCase()).toBe(checksum)
      expect(sources.length).toBeGreaterThan(0)
    }
  })

  it('are loaded but for three with exponent 2 and one of 2048 bits', () => {
    const { store, refused } = publishedCaKeys()
    expect([store.count('live'), store.count('test')]).toEqual([18, 118])
    expect(refused.map(({ error }) => [error.code, error.label])).toEqual([
      ['ERR_CA_KEY', 'CA key A000000004/06: modulus'],
      ['ERR_CA_KEY', 'CA key A000000010/FB: exponent'],
      ['ERR_CA_KEY', 'CA key A000000010/FC: exponent'],
      ['ERR_CA_KEY', 'CA key A000000010/FD: exponent'],
    ])
  })

  it.each([
    ['00', 96, 160],
    ['01', 96, 128],
    ['02', 112, 192],
    ['05', 176, 128],
  ])('name two keys under A000000004/%s', (index, live, test) => {
    const { store } = publishedCaKeys()
    const rid = fromHex('A000000004')
    const [number] = fromHex(index)
    expect(store.find('live', rid, number ?? 0)?.modulus.length).toBe(live)
    expect(store.find('test', rid, number ?? 0)?.modulus.length).toBe(test)
  })

  it.each([
    ['A000000004', 0xfa, [144, 160]],
    ['B012345678', 0xf3, [128, 144]],
  ] as const)('name two test keys of different length under %s/%i', (rid, index, lengths) => {
    const { store } = publishedCaKeys()
    for (const length of lengths) expect(store.find('test', fromHex(rid), index, length)?.modulus.length).toBe(length)
  })

  it('vouch for UnionPay cards, with an expiry', () => {
    const key = publishedCaKeys().store.find('live', fromHex('A000000333'), 3)
    expect([key?.modulus.length, key?.expiry]).toEqual([176, '20221231'])
  })
})
