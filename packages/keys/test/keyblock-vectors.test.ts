/** Published key blocks: unwrapped, derived keys compared, and wrapped again where their random fill is known. */
import { Secret, unwrapKeyBlock, wrapKeyBlock } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { deriveProtectionKeys } from '../src/keyblock-protection.js'
import { coded } from './support/errors.js'
import { referenceKey, referenceUnwrap } from './support/key-block-reference.js'
import { ALL_VERSIONS, CASES, GOOD_CASES, headerOf, hexBytes, hexText, kbpkOf } from './support/key-blocks.js'

describe('published key blocks', () => {
  it.each(GOOD_CASES)('$id is unwrapped: $source', (row) => {
    const { header, key } = unwrapKeyBlock(kbpkOf(row), row.block, ALL_VERSIONS)
    expect(hexText(key.expose())).toBe(row.key)
    expect(header).toEqual({ ...headerOf(row), reserved: '00' })
  })

  it.each(GOOD_CASES.filter(({ block }) => block.slice(12, 14) === '00'))('$id agrees with the reference', (row) => {
    const { data, ok } = referenceUnwrap(hexBytes(row.kbpk), row.block, 16)
    expect(ok).toBe(true)
    expect(hexText(data.subarray(2, 2 + data.readUInt16BE(0) / 8))).toBe(row.key)
  })

  it.each(GOOD_CASES.filter(({ kbek }) => kbek !== undefined))('$id has the derived keys', (row) => {
    const version = row.block.charAt(0) as 'B' | 'C' | 'D'
    const { kbek, kbak } = deriveProtectionKeys(version, kbpkOf(row))
    expect([hexText(kbek), hexText(kbak)]).toEqual([row.kbek, row.kbak])
    const reference = ([0, 1] as const).map((usage) => referenceKey(version, Buffer.from(row.kbpk, 'hex'), usage))
    expect(reference.map(hexText)).toEqual([row.kbek, row.kbak])
  })

  it.each(GOOD_CASES.filter(({ fill }) => fill !== undefined))('$id is wrapped with its fill', (row) => {
    const options = row.maskedKeyLength === undefined ? {} : { maskedKeyLength: row.maskedKeyLength }
    const asked: number[] = []
    const random = (length: number): Uint8Array => {
      asked.push(length)
      return hexBytes(row.fill ?? '')
    }
    const key = Secret.of(hexBytes(row.key), 'key')
    expect(wrapKeyBlock(kbpkOf(row), headerOf(row), key, { ...ALL_VERSIONS, ...options, random })).toBe(row.block)
    expect(asked).toEqual([(row.fill ?? '').length / 2])
  })

  it.each(CASES.filter(({ error }) => error !== undefined))('$id: $error is wrong', (row) => {
    expect(() => unwrapKeyBlock(kbpkOf(row), row.block, ALL_VERSIONS)).toThrow(
      coded('ERR_KEY_BLOCK', { label: row.error ?? '' }),
    )
  })

  it('are of every version and length of KBPK', () => {
    const kinds = new Set(GOOD_CASES.map(({ block, kbpk }) => `${block.charAt(0)}${kbpk.length / 2}`))
    expect([...kinds].sort()).toEqual(['B16', 'B24', 'C16', 'C24', 'D16', 'D24', 'D32'])
  })
})
