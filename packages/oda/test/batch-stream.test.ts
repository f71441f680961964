/** The lines of a batch as a stream: how they are cut, that none is held back, and that memory does not grow with them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { authenticateBatch, type BatchResult } from '../src/index.js'
import { DATE, RID, TAGS } from './card.js'
import { STATIC_DATA } from './forge.js'
import { storeOf } from './reading-of.js'

const OPTIONS = { store: storeOf(), transactionDate: DATE }
const LINE = JSON.stringify({ rid: RID, method: 'sda', tags: TAGS, staticData: STATIC_DATA })
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

type Chunk = Uint8Array | string

async function results(chunks: Iterable<Chunk>, more = {}): Promise<BatchResult[]> {
  async function* input(): AsyncGenerator<Chunk> {
    yield* chunks
  }
  const found: BatchResult[] = []
  for await (const result of authenticateBatch(input(), { ...OPTIONS, ...more })) found.push(result)
  return found
}

const lines = (found: readonly BatchResult[]): number[] => found.map(({ line }) => line)
const codes = (found: readonly BatchResult[]): (string | undefined)[] =>
  found.map((result) => ('error' in result ? result.error.code : undefined))

describe('lines', () => {
  it('are found however the chunks are cut, as bytes or as text', async () => {
    const text = `{"id":"卡"}\n\n${LINE}\r\n  \t\n{}\n[`
    const whole = await results([text])
    expect(lines(whole)).toEqual([1, 3, 5, 6])
    expect(codes(whole)).toEqual(['ERR_BATCH', undefined, 'ERR_BATCH', 'ERR_BATCH'])
    expect(whole[0]).toMatchObject({ id: '卡' })
    const bytes = bytesOf(text)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 8 }), fc.boolean(), async (cuts, asBytes) => {
        const all: Uint8Array | string = asBytes ? bytes : text
        const at = [0, ...cuts.filter((cut) => cut <= all.length).toSorted((a, b) => a - b), all.length]
        const chunks = at.slice(1).map((end, i) => all.slice(at[i], end))
        expect(await results(chunks)).toEqual(whole)
      }),
      { numRuns: 50 },
    )
  })

  it.each([
    ['nothing', []],
    ['empty chunks', ['', new Uint8Array(0)]],
    ['empty lines', ['\n\r\n', ' \n\t']],
  ])('%s give nothing', async (_name, chunks) => expect(await results(chunks)).toEqual([]))

  it('of the most characters are taken, of one more refused', async () => {
    const padded = LINE.padEnd(65_536)
    const found = await results([`${padded}\n${padded} \n${LINE}\n${padded} `])
    expect(codes(found)).toEqual([undefined, 'ERR_BATCH', undefined, 'ERR_BATCH'])
    expect(found[1]).toEqual({
      line: 2,
      error: { code: 'ERR_BATCH', label: 'line', expected: 'at most 65536 characters' },
    })
  })

  it('may be given another bound, counted over chunks', async () => {
    const found = await results(['{}  ', '\n{}', '   ', '', '\n{}', '   '], { maxLine: 4 })
    expect(found.map((result) => 'error' in result && result.error.expected)).toEqual([
      'one of the fields transcript, records, caKey, rid',
      'at most 4 characters',
      'at most 4 characters',
    ])
  })

  it.each([
    ['a byte that UTF-8 has not', [0x7b, 0x22, 0xff, 0x22, 0x7d]],
    ['a character cut off by the line feed', [0x7b, 0xe5, 0x8d]],
  ])('with %s are refused, those after them are not', async (_name, bytes) => {
    const found = await results([Uint8Array.from([...bytes, 0x0a]), `${LINE}\n`, Uint8Array.from(bytes)])
    expect(codes(found)).toEqual(['ERR_BATCH', undefined, 'ERR_BATCH'])
    expect(found[2]).toMatchObject({ line: 3, error: { label: 'line', expected: 'UTF-8' } })
  })
})

it('a chunk is asked for when the results of the one before have been taken', async () => {
  let asked = 0
  async function* input(): AsyncGenerator<string> {
    for (; asked < 4; ) {
      asked += 1
      yield `${LINE}\n${LINE}\n`
    }
  }
  const batch = authenticateBatch(input(), OPTIONS)
  for (const expected of [1, 1, 2, 2, 3]) {
    await batch.next()
    expect(asked).toBe(expected)
  }
  await batch.return(undefined)
})

it('a failure of the input ends the batch', async () => {
  async function* input(): AsyncGenerator<string> {
    yield `${LINE}\n`
    throw new Error('the file is gone')
  }
  const batch = authenticateBatch(input(), OPTIONS)
  expect(await batch.next()).toMatchObject({ done: false, value: { line: 1 } })
  await expect(batch.next()).rejects.toThrow('the file is gone')
})

it('memory does not grow with the number of lines', async () => {
  const chunk = bytesOf(`${LINE}\n{}\n`.repeat(10))
  const endless = bytesOf('x'.repeat(65_536))
  async function* input(): AsyncGenerator<Uint8Array> {
    // 20,000 lines, and one of 65 million characters.
    for (let i = 0; i < 1_000; i++) yield chunk.slice()
    for (let i = 0; i < 1_000; i++) yield endless
  }
  let count = 0
  let before = 0
  let most = 0
  for await (const _result of authenticateBatch(input(), OPTIONS)) {
    count += 1
    if (count === 2_000) before = process.memoryUsage().heapUsed
    if (count % 500 === 0) most = Math.max(most, process.memoryUsage().heapUsed)
  }
  expect(count).toBe(20_001)
  // The results alone, kept, would take ten times as much.
  expect((most - before) / 2 ** 20).toBeLessThan(100)
}, 60_000)
