import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { entryText } from '../src/audit/entry.js'
import type { ChainHead } from '../src/audit/heads.js'
import { type AuditLine, auditVerifier } from '../src/audit/verify.js'

/** A trail made here by hand, as append.ts describes it. */
function chainOf(chain: number, length: number): AuditLine[] {
  let previous: Buffer = Buffer.alloc(32)
  return Array.from({ length }, (_, i) => {
    const entry = entryText(
      { subject: 'alice', action: 'key.use', object: `issuer:${i}`, outcome: 'ok' },
      new Date(1e12 + i).toISOString(),
    )
    const place = Buffer.alloc(12)
    place.writeUInt32BE(chain, 0)
    place.writeUInt32BE(i + 1, 8)
    previous = createHash('sha256').update(previous).update(place).update(entry).digest()
    return { chain, seq: i + 1, entry, hash: previous.toString('hex') }
  })
}

const LENGTH = 100
/** Ten chains of a hundred entries: a thousand places. */
const CHAIN_NUMBERS = Array.from({ length: 10 }, (_, i) => [i * 7])
const whole = chainOf(7, LENGTH)
const headAt = (seq: number, lines = whole): ChainHead => {
  const { chain, hash } = lines[seq - 1] as AuditLine
  return { chain, seq, hash }
}

function faultsOf(lines: readonly AuditLine[], heads: readonly ChainHead[] = [headAt(LENGTH)]) {
  const verifier = auditVerifier(heads)
  for (const line of lines) verifier.take(line)
  return verifier.end().faults.map(({ seq, reason }) => `${seq} ${reason}`)
}
const at = (i: number): AuditLine => whole[i] as AuditLine

describe('a trail', () => {
  test('that nobody touched has no fault, with any of its heads and with none', () => {
    expect(faultsOf(whole)).toEqual([])
    expect(faultsOf(whole, [])).toEqual([])
    expect(faultsOf(whole, [headAt(1), headAt(50), headAt(50), headAt(LENGTH)])).toEqual([])
    expect(faultsOf([])).toEqual(['100 cut-off'])
    expect(faultsOf([], [])).toEqual([])
  })

  test('with several chains side by side is judged chain by chain', () => {
    const other = chainOf(8, 3)
    expect(faultsOf([...whole, ...other])).toEqual([])
    expect(faultsOf([...whole, ...chainOf(9, 2).map((line) => ({ ...line, chain: 8 }))])).toEqual([
      '1 changed',
      '2 changed',
    ])
  })
})

describe.each(CHAIN_NUMBERS)('chain %i, at each of its hundred places', (chain) => {
  const lines = chainOf(chain, LENGTH)
  const judge = (given: readonly AuditLine[]) => faultsOf(given, [headAt(LENGTH, lines)])
  const numbers = lines.map(({ seq }) => seq)

  test('a changed entry is found', () => {
    const found = lines.map((line, i) =>
      judge(lines.with(i, { ...line, entry: line.entry.replace('alice', 'malice') })),
    )
    expect(found).toEqual(numbers.map((seq) => [`${seq} changed`]))
  })

  test('a removed entry is found', () => {
    const found = lines.map((_, i) => judge(lines.toSpliced(i, 1)))
    expect(found).toEqual(numbers.map((seq) => [seq === LENGTH ? '100 cut-off' : `${seq + 1} missing`]))
  })

  test('two neighbours that changed places are found, renumbered too', () => {
    for (let i = 0; i + 1 < LENGTH; i++) {
      const [first, second] = lines.slice(i, i + 2) as [AuditLine, AuditLine]
      expect(judge(lines.toSpliced(i, 2, second, first))).toContain(`${i + 1} order`)
      const renumbered = [
        { ...second, seq: i + 1 },
        { ...first, seq: i + 2 },
      ]
      expect(judge(lines.toSpliced(i, 2, ...renumbered))).toContain(`${i + 1} changed`)
    }
  })

  test('a tail that was cut off is found by the head', () => {
    for (let length = 0; length < LENGTH; length++) expect(judge(lines.slice(0, length))).toEqual(['100 cut-off'])
  })
})

describe('a trail that is harmed otherwise:', () => {
  test('cut off behind the head is not seen, before it is', () => {
    expect(faultsOf(whole.slice(0, 50), [headAt(50)])).toEqual([])
    expect(faultsOf(whole.slice(0, 49), [headAt(50)])).toEqual(['50 cut-off'])
  })

  test('that was written anew from some entry on is told by an older head', () => {
    const forged = chainOf(7, LENGTH).map((line) => ({ ...line }))
    let previous = Buffer.from(at(10).hash, 'hex')
    for (const [i, line] of forged.entries()) {
      if (i <= 10) continue
      const place = Buffer.alloc(12)
      place.writeUInt32BE(7, 0)
      place.writeUInt32BE(line.seq, 8)
      const entry = line.entry.replace('alice', 'bob')
      previous = createHash('sha256').update(previous).update(place).update(entry).digest()
      forged[i] = { ...line, entry, hash: previous.toString('hex') }
    }
    expect(faultsOf(forged, [])).toEqual([])
    expect(faultsOf(forged, [headAt(11)])).toEqual([])
    expect(faultsOf(forged, [headAt(12)])).toEqual(['12 head'])
  })

  test.each([
    ['a changed hash', { hash: at(4).hash.replace(/^./, (c) => (c === '0' ? '1' : '0')) }, ['5 changed', '6 changed']],
    ['a short hash', { hash: '00' }, ['5 changed', '6 changed']],
    ['another chain', { chain: 3 }, ['5 missing', '6 missing']],
    ['another time beside it', { at: '2001-09-09T01:46:40.005Z' }, ['5 changed']],
    ['its own time beside it', { at: '2001-09-09T01:46:40.004Z' }, []],
  ])('with %s in one entry', (_, change, faults) => {
    expect(faultsOf([...whole.slice(0, 4), { ...at(4), ...change }, ...whole.slice(5)])).toEqual(faults)
  })

  test('with an entry twice, or one from the future', () => {
    expect(faultsOf([...whole.slice(0, 5), at(4), ...whole.slice(5)])).toEqual(['5 order'])
    expect(faultsOf([...whole, { ...at(0), seq: 101 }])).toEqual(['101 changed'])
  })
})

test('the text of an entry has its members in order, and none without end', () => {
  const record = { subject: 's'.repeat(300), action: 'key.use', object: 'o'.repeat(300), outcome: 'ok' } as const
  const text = entryText({ ...record, request: 'r', detail: { z: 1, a: 'x'.repeat(300), m: true } }, 'T')
  expect(text).toBe(
    `{"at":"T","subject":"${'s'.repeat(256)}","action":"key.use","object":"${'o'.repeat(256)}","outcome":"ok",` +
      `"count":1,"request":"r","detail":{"a":"${'x'.repeat(256)}","m":true,"z":1}}`,
  )
})
