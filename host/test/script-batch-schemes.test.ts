/** Scripts in records: every scheme, by BIN range, as the single engine builds them. */
import { createKey, SCHEMES, type SchemeName } from '@issuerkit/keys'
import { buildScriptCommands, type ScriptCommand } from '@issuerkit/scripts'
import { describe, expect, test } from 'vitest'
import { completeProfile, type IssuerProfile } from '../src/keys/issuer-profile.js'
import type { OpenIssuer } from '../src/keys/open-issuer.js'
import { scriptKeys } from '../src/keys/script-keys.js'
import { RECORD, type ScriptRecords, secureRecords } from '../src/keys/script-records.js'
import type { StoredKeySet } from '../src/keys/stored-keys.js'

const BYTES = (first: number) => Uint8Array.from({ length: 16 }, (_, n) => (first + 37 * n) & 0xff)

function keySet(name: string, family: StoredKeySet['family'], algorithm: 'tdes' | 'sm4', first: number): StoredKeySet {
  const ac = createKey(algorithm, 'issuer', 'AC', BYTES(first))
  return { dki: 1, name, family, algorithm, ac, mac: createKey(algorithm, 'issuer', 'MAC', BYTES(first + 91)) }
}

const CARDS = Array.from({ length: 40 }, (_, n) => ({
  pan: `${4000 + 25 * n}${'0123456789012345'.slice(0, 4 + (n % 12))}`,
  panSequence: String(n).padStart(2, '0'),
  atc: Uint8Array.of(n, 255 - n),
  arqc: BYTES(n).subarray(0, 8),
  value: BYTES(3 * n).subarray(0, 6),
}))
const COMMANDS: ScriptCommand[] = [{ type: 'card-block' }, { type: 'put-data', tag: '9F79', value: new Uint8Array(6) }]

/** The cards' records, and where the second command's value and both MACs are. */
function recordsOf(commands: readonly { readonly header: Uint8Array }[], macLength: number): ScriptRecords {
  const stride = RECORD.values + 6 + 16
  const bytes = new Uint8Array(CARDS.length * stride)
  for (const [n, { pan, panSequence, atc, arqc, value }] of CARDS.entries()) {
    const base = n * stride
    bytes[base + RECORD.panDigits] = pan.length
    bytes.set(new TextEncoder().encode(pan), base + RECORD.pan)
    bytes.set(new TextEncoder().encode(panSequence), base + RECORD.panSequence)
    bytes.set(atc, base + RECORD.atc)
    bytes.set(arqc, base + RECORD.arqc)
    bytes.set(value, base + RECORD.values)
  }
  const [block, put] = commands.map(({ header }) => header) as [Uint8Array, Uint8Array]
  return {
    issuer: 'a',
    commands: [
      { header: block, value: { offset: RECORD.values, length: 0 }, mac: RECORD.values + 6 },
      { header: put, value: { offset: RECORD.values, length: 6 }, mac: RECORD.values + 14 },
    ],
    macLength,
    count: CARDS.length,
    bytes,
    stride,
  }
}

/** Both MACs of a card by the single engine; undefined where it has no keys. */
function single(open: OpenIssuer, n: number, macLength: number, choice: { scheme?: string; dki?: number } = {}) {
  const { value, ...card } = CARDS[n] as (typeof CARDS)[number]
  try {
    const input = { ...scriptKeys(open, card.pan, choice), card, atc: card.atc, arqc: card.arqc, macLength }
    const commands = COMMANDS.map((command) => ('value' in command ? { ...command, value } : command))
    return buildScriptCommands(input, commands, { chaining: 'none' })
  } catch {
    return undefined
  }
}

/** Compares every record that is done with the single engine. @returns for each whether it is done */
function compare(open: OpenIssuer, macLength: number, choice: { scheme?: string; dki?: number } = {}): boolean[] {
  const built = CARDS.map((_, n) => single(open, n, macLength, choice))
  const headers = built.find((one) => one !== undefined) ?? [
    { header: new Uint8Array(5) },
    { header: new Uint8Array(5) },
  ]
  const records = { ...recordsOf(headers, macLength), ...choice }
  const done = secureRecords(open, records)
  expect(done).toHaveLength(CARDS.length)
  for (const [n, one] of built.entries()) {
    if (done[n] !== 1) continue
    const at = n * records.stride + RECORD.values
    const macs = [6, 14].map((offset) => records.bytes.slice(at + offset, at + offset + macLength))
    expect(macs).toEqual(one?.map(({ mac }) => Uint8Array.from(mac)))
  }
  return Array.from(done, (one) => one === 1)
}

describe('each scheme', () => {
  test.each(Object.keys(SCHEMES) as SchemeName[])('%s', (name) => {
    const { family, algorithm, iccKey } = SCHEMES[name]
    const profile = completeProfile({ family, scheme: name })
    const open = { profile, keySets: [keySet('default', family, algorithm, 11)] }
    for (const macLength of [4, 8]) {
      const done = compare(open, macLength)
      // A hash of a long PAN and SM4 are for the single engine.
      expect(done).toEqual(CARDS.map(({ pan }) => algorithm === 'tdes' && (iccKey.option === 'A' || pan.length <= 16)))
    }
  })
})

describe('the keys of a record are those of its card', () => {
  const VISA: IssuerProfile = {
    family: 'visa',
    scheme: 'visa-cvn10',
    binRanges: [
      { from: '4000', to: '4299', keySet: 'first' },
      { from: '4300', to: '4599', scheme: 'visa-cvn22' },
      { from: '4600', to: '4699', family: 'mastercard', scheme: 'mastercard-cvn16', keySet: 'first' },
      { from: '4700', to: '4799', keySet: 'none' },
    ],
  }
  const open: OpenIssuer = {
    profile: completeProfile(VISA),
    keySets: [
      keySet('first', 'visa', 'tdes', 1),
      keySet('default', 'visa', 'tdes', 2),
      keySet('first', 'mastercard', 'tdes', 3),
    ],
  }
  const inRange =
    (first: number, last: number) =>
    ({ pan }: { pan: string }) => {
      const start = Number(pan.slice(0, 4))
      return start >= first && start <= last
    }

  test('by BIN range', () => {
    const done = compare(open, 8)
    expect(done).toEqual(
      CARDS.map((card) => inRange(4000, 4699)(card) && (!inRange(4300, 4599)(card) || card.pan.length <= 16)),
    )
    expect(done.filter((one) => !one).length).toBeGreaterThan(5)
  })
  test('with the scheme that is asked for, where the range has it', () => {
    expect(compare(open, 8, { scheme: 'visa-cvn10' })).toEqual(CARDS.map(inRange(4000, 4599)))
  })
  test.each([{ dki: 2 }, { scheme: 'pboc' }])('and none with %j', (choice) => {
    expect(compare(open, 8, choice)).toEqual(CARDS.map(() => false))
  })
  test('and an error that is no answer is thrown', () => {
    const broken = {
      ...open,
      get keySets(): never {
        throw new TypeError('broken')
      },
    }
    const headers = [{ header: new Uint8Array(5) }, { header: new Uint8Array(5) }]
    expect(() => secureRecords(broken, recordsOf(headers, 8))).toThrow(TypeError)
  })
})
