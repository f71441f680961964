import { describe, expect, it } from 'vitest'
import { parseTlv, type Tlv } from '../src/index.js'
import { hex, thrown } from './support.js'

/** `levels` templates in each other, the last one empty. */
function nested(levels: number): Uint8Array {
  const headers: Uint8Array[] = []
  for (let i = 0, length = 0; i < levels; i++) {
    const header = Uint8Array.of(0x70, ...lengthOf(length))
    headers.unshift(header)
    length += header.length
  }
  return new Uint8Array(Buffer.concat(headers))
}

function lengthOf(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length)
  if (length < 0x100) return Uint8Array.of(0x81, length)
  if (length < 0x10000) return Uint8Array.of(0x82, length >> 8, length)
  return Uint8Array.of(0x83, length >> 16, length >> 8, length)
}

const objects = (n: number): Uint8Array => hex('5A00'.repeat(n))

describe('the nesting limit', () => {
  it('takes 8 levels and refuses the ninth, by default', () => {
    expect(parseTlv(nested(8))).toHaveLength(1)
    const error = thrown(() => parseTlv(nested(9)))
    expect(error).toMatchObject({
      code: 'ERR_TLV',
      label: 'nesting',
      expected: 'at most 8 levels',
      got: 'more',
      offset: 16,
    })
    expect(error.path).toEqual(Array(8).fill('70'))
  })

  it.each([
    [1, 1],
    [2, 2],
    [300, 300],
    [10_000, 10_000],
  ])('of %d takes %d levels and no more', (depth, levels) => {
    let inner: Tlv | undefined = parseTlv(nested(levels), { depth, nodes: 30_000 })[0]
    let count = 0
    for (; inner !== undefined; inner = inner.children?.[0]) count += 1
    expect(count).toBe(levels)
    expect(thrown(() => parseTlv(nested(levels + 1), { depth, nodes: 30_000 })).label).toBe('nesting')
  })

  it('counts levels, not objects', () => {
    expect(parseTlv(hex('7000 7000 7000'), { depth: 1 })).toHaveLength(3)
    expect(parseTlv(hex('70027000 70027000'), { depth: 2 })).toHaveLength(2)
  })

  it.each([0, Number.NaN, -1])('of %d refuses everything', (depth) => {
    expect(thrown(() => parseTlv(hex('5A00'), { depth }))).toMatchObject({ label: 'nesting', offset: 0, path: [] })
  })
})

describe('the limit of data objects', () => {
  it('takes 1024 and refuses the next, by default', () => {
    expect(parseTlv(objects(1024))).toHaveLength(1024)
    const error = thrown(() => parseTlv(objects(1025)))
    expect(error).toMatchObject({ code: 'ERR_TLV', label: 'data objects', expected: 'at most 1024', offset: 2048 })
  })

  it('counts those on all levels together', () => {
    expect(parseTlv(hex('7004 5A005A00 5A00'), { nodes: 4 })).toHaveLength(2)
    const error = thrown(() => parseTlv(hex('7004 5A005A00 5A00'), { nodes: 3 }))
    expect(error).toMatchObject({ label: 'data objects', offset: 6, path: [] })
    expect(thrown(() => parseTlv(hex('7004 5A005A00'), { nodes: 2 }))).toMatchObject({ offset: 4, path: ['70'] })
  })

  it.each([0, Number.NaN])('of %d refuses everything but an empty input', (nodes) => {
    expect(thrown(() => parseTlv(hex('5A00'), { nodes })).label).toBe('data objects')
    expect(parseTlv(hex(''), { nodes })).toEqual([])
  })
})
