/** Fuzz targets of the packages above apdu: field 55, key blocks, scripts, certificates, the records of a card. */
import { type CardReading, concat, equalBytes, parseAfl, toHex } from '../packages/apdu/src/index.js'
import { parseField55, parseIssuerApplicationData, peekKeyBlockHeader, sha1 } from '../packages/keys/src/index.js'
import {
  authenticateRecords,
  type CaKey,
  publishedCaKeys,
  REASONS,
  type StageResult,
  verifyIccCertificate,
  verifyIssuerCertificate,
} from '../packages/oda/src/index.js'
import { decodeScriptResults, encodeScriptResults, parseScripts } from '../packages/scripts/src/index.js'
import { hold, type Target } from './engine.js'
import { dealRecords, splitParts } from './parts.js'

const PAN = '6214830100237436'
const TODAY = '20221101'
const EXPONENTS = [Uint8Array.of(3), Uint8Array.of(1, 0, 1), Uint8Array.of(2), Uint8Array.of(0, 3)]

/**
 * A certificate without RSA around it: with the exponent 1 the block is its own signature, so that the fuzzer writes what
 * a signer would have signed. The input is a byte of choices, the remainder behind its length byte, and the block.
 */
function certificate(input: Uint8Array, format: number) {
  const [choices = 0, split = 0] = input
  const remainder = input.subarray(2, 2 + split)
  const block = input.slice(2 + split)
  const exponent = EXPONENTS[(choices >> 4) & 3] as Uint8Array
  const n = block.length
  // A signer's key is one that was certified or given, and so within EMV's limits.
  if (n < 64 || n > 248) return undefined
  if ((choices & 1) !== 0) {
    block.set([0x6a, format])
    block[n - 1] = 0xbc
  }
  if ((choices & 2) !== 0) block.set(sha1(concat(block.subarray(1, n - 21), remainder, exponent)), n - 21)
  const signer = { modulus: new Uint8Array(n).fill(0xff), exponent: Uint8Array.of(1) }
  return { signer, certificate: block, remainder, exponent, pan: PAN, transactionDate: TODAY }
}

function judged(result: StageResult<{ modulus: Uint8Array; exponent: Uint8Array }>): string {
  if (!result.ok) {
    hold(Object.hasOwn(REASONS, result.reason), `an unknown reason: ${result.reason}`)
    return result.reason
  }
  const { modulus, exponent } = result.value
  hold(modulus.length >= 64 && modulus.length <= 248, `a key of ${modulus.length} bytes is certified`)
  hold(['03', '010001'].includes(toHex(exponent)), `the exponent ${toHex(exponent)} is certified`)
  return 'ok'
}

const { store } = publishedCaKeys()

export const KEY_TARGETS: readonly Target[] = [
  {
    name: 'de55',
    inputs: 20_000,
    run(input) {
      const { tags, list } = parseField55(input)
      hold(
        list.every(({ tag, children }) => children !== undefined || tags.has(tag)),
        'a data object is lost',
      )
      const iad = tags.get('9F10')
      if (iad === undefined) return
      const { fields } = parseIssuerApplicationData(iad)
      hold(equalBytes(concat(...fields.map(({ value }) => value)), iad), 'the parts of 9F10 are not the whole')
    },
  },
  {
    name: 'key-block',
    inputs: 20_000,
    run: (input) => peekKeyBlockHeader(new TextDecoder('latin1').decode(input)),
  },
  {
    name: 'script-template',
    inputs: 20_000,
    run(input) {
      const scripts = parseScripts(input)
      hold(equalBytes(concat(...scripts.map(({ bytes }) => bytes)), input), 'the templates are not the whole')
    },
  },
  {
    name: 'script-results',
    inputs: 20_000,
    run(input) {
      hold(equalBytes(encodeScriptResults(decodeScriptResults(input)), input), 'what was parsed is not what was read')
    },
  },
  {
    name: 'issuer-certificate',
    inputs: 5_000,
    run(input) {
      const parts = certificate(input, 0x02)
      const caKey = { rid: Uint8Array.of(0xa0, 0, 0, 3, 0x33), index: 3, checksum: new Uint8Array(20) }
      const key = parts && ({ ...caKey, ...parts.signer } as CaKey)
      return parts && key && judged(verifyIssuerCertificate({ ...parts, caKey: key }))
    },
  },
  {
    name: 'icc-certificate',
    inputs: 5_000,
    run(input) {
      const parts = certificate(input, 0x04)
      const staticData = { ok: true, bytes: new Uint8Array(0) } as const
      return parts && judged(verifyIccCertificate({ ...parts, staticData }))
    },
  },
  {
    // AID, AIP, AFL and records, each behind a length of two bytes.
    name: 'card-reading',
    inputs: 1_000,
    longest: 2048,
    run(input) {
      const [aid = input, aip = input, afl = input, ...data] = splitParts(input, 2)
      const { records, missing } = dealRecords(parseAfl(afl), data)
      const none = { duplicates: [], outside: [], others: [] }
      const reading: CardReading = { aid, aip, afl: parseAfl(afl), records, missing, ...none }
      const verdicts = authenticateRecords(reading, { store, transactionDate: TODAY })
      return verdicts
        .map(({ ok, fault }) => {
          hold(ok === (fault === undefined), 'a verdict that is neither good nor bad')
          return fault?.reason ?? 'ok'
        })
        .join(' ')
    },
  },
]
