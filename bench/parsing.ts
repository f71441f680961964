/** SHA-1 and the parsing of field 55: what stands around the cryptography of one request. */
import { createHash } from 'node:crypto'
import { fromHex, parseTlv } from '../packages/apdu/src/index.js'
import { parseField55, sha1 } from '../packages/keys/src/index.js'
import { type BenchResult, type MeasureOptions, measure } from './measure.js'

/** A request of UnionPay's usage 1, of made-up data. */
const FIELD_55 = fromHex(
  '9F2608E89051379F080D149F2701809F101307010103A00000010A010000005000F2DE37D99F3704A1B2C3D49F36020064950500000480009A03' +
    '2611219C01009F02060000000100005F2A02015682027C009F1A0201569F03060000000000009F3303E0F1C89F34034203009F3501229F1E0830' +
    '303030303030318408A0000003330101019F090200309F410400000001',
)

/** Runs the benchmark. */
export function parsingBench(options: MeasureOptions): BenchResult[] {
  const data = new Uint8Array(200).fill(0x5a)
  return measure(
    [
      { name: 'sha-1 of 200 bytes', unit: 'ops/s', work: () => void sha1(data), against: 'sha-1, createHash' },
      { name: 'sha-1, createHash', unit: 'ops/s', work: () => void createHash('sha1').update(data).digest() },
      { name: 'field 55, tag-length-value', unit: 'ops/s', work: () => void parseTlv(FIELD_55) },
      { name: 'field 55, checked', unit: 'ops/s', work: () => void parseField55(FIELD_55) },
    ],
    options,
  )
}
