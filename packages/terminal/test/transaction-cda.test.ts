/** Combined data authentication and the enciphered PIN in a whole transaction, with a card of our own CA. */
import { type Exchange, fromHex, toHex } from '@issuerkit/apdu'
import { CaKeyStore, createTestCa } from '@issuerkit/oda'
import { describe, expect, it } from 'vitest'
import { createTerminalData } from '../src/terminal-data.js'
import type { TransactionOptions, TransactionResult } from '../src/transaction-model.js'
import { openRoom, type Room } from './issuer-card-support.js'

const ca = createTestCa({ rid: fromHex('A000000333'), index: 1, bits: 768, exponent: 3, expiry: '20491231' })
const store = new CaKeyStore()
store.add('test', ca.key)

const certificates = { issuerBits: 704, iccBits: 640 }
const open = (application: Readonly<Record<string, unknown>> = {}): Room =>
  openRoom('pboc', { ca, application: { certificates, limits: { '9F58': '03', '9F59': '05' }, ...application } })
const room = open()

/** 9F02 below the floor limit, so that nothing but the card decides to go online. */
const terminal = (values: Readonly<Record<string, string>> = {}) =>
  createTerminalData(
    Object.entries({
      '9F02': '000000010000',
      '9A': '261121',
      '9F1B': '00FFFFFF',
      '9F09': '0020',
      '9F33': 'E0F808',
      ...values,
    }).map(([tag, value]) => [tag, fromHex(value)] as const),
  )

const authentication = { store, profile: 'test' } as const
/** The answer to the n-th GENERATE AC with one bit changed, `from` bytes before its status. */
const damaged =
  (n: number, from: number) =>
  (card: Exchange): Exchange => {
    let count = 0
    return async (command) => {
      const answer = await card(command)
      if (command[1] !== 0xae) return answer
      count += 1
      const at = answer.length - 2 - from
      return count === n ? answer.with(at, (answer[at] as number) ^ 1) : answer
    }
  }

const run = (
  given: Room,
  options: Partial<TransactionOptions> = {},
  between?: (card: Exchange) => Exchange,
): Promise<TransactionResult> => given.run({ terminal: terminal(), authentication, ...options }, between)

const p1s = ({ steps }: TransactionResult): string[] =>
  steps.filter(({ header }) => header.startsWith('80AE')).map(({ header }) => header.slice(4, 6))
const ONLINE = { actionCodes: { online: fromHex('FFFFFFFFFF') }, risk: { forceOnline: true } }

describe('CDA [EMV-B2] 6.6', () => {
  it('signs ARQC and TC; the cryptograms come out of the signatures', async () => {
    const result = await run(room, ONLINE)
    expect(result).toMatchObject({ decision: 'approved', authentication: { outcome: 'cda-needs-generate-ac' } })
    expect(p1s(result)).toEqual(['90', '50'])
    expect(result.first?.signature?.ok).toBe(true)
    expect(result.second?.signature?.ok).toBe(true)
    expect(toHex(result.tvr)).toBe('0000000800')
    expect(toHex(result.tsi).slice(0, 2)).toBe('F8')
    const [authorization] = room.issuer.authorizations()
    expect(authorization?.verdict).toMatchObject({ code: 'V', type: 'ARQC' })
    expect(authorization?.advices).toMatchObject([{ verdict: { code: 'V', type: 'TC' } }])
  })
  it('approves offline', async () => {
    const result = await run(room)
    expect(result).toMatchObject({ decision: 'approved', first: { type: 'TC', signature: { ok: true } } })
    expect(p1s(result)).toEqual(['50'])
  })
  it('an AAC is asked for without', async () => {
    const result = await run(room, { actionCodes: { denial: fromHex('FFFFFFFFFF') }, risk: { forceOnline: true } })
    expect(p1s(result)).toEqual(['00'])
    expect(result.first?.signature).toBeUndefined()
    expect(result.decision).toBe('declined')
  })
  it('the issuer declines: the second is asked for without', async () => {
    const result = await run(room, { ...ONLINE, issuer: async () => ({ arc: fromHex('3035') }) })
    expect(p1s(result)).toEqual(['90', '00'])
    expect(result).toMatchObject({ decision: 'declined', second: { type: 'AAC' } })
  })
  it('an ARQC whose signature does not hold goes nowhere: an AAC is asked for at once', async () => {
    const result = await run(room, ONLINE, damaged(1, 5))
    expect(result.request).toBeUndefined()
    expect(p1s(result)).toEqual(['90', '00'])
    expect(result).toMatchObject({ decision: 'declined', first: { signature: { ok: false } } })
    expect(toHex(result.tvr)).toBe('0400000800')
    expect(toHex(result.values.get('8A') ?? new Uint8Array())).toBe('5A31')
    expect(result.first?.cryptogram).toHaveLength(0)
  })
  it('a TC whose signature does not hold is declined', async () => {
    const result = await run(room, {}, damaged(1, 5))
    expect(result).toMatchObject({ decision: 'declined', first: { type: 'TC', signature: { ok: false } } })
    expect(toHex(result.values.get('8A') ?? new Uint8Array())).toBe('5A31')
  })
  it('so is a second TC', async () => {
    const result = await run(room, ONLINE, damaged(2, 5))
    expect(result).toMatchObject({ decision: 'declined', second: { type: 'TC', signature: { ok: false } } })
  })
  it('an AAC that is signed all the same is checked', async () => {
    const signing = openRoom('pboc', {
      ca,
      application: { certificates },
      card: { switches: { signAac: true } },
    })
    signing.issuer.queue([{ type: 'application-block' }])
    await run(signing, ONLINE)
    const options = { ...ONLINE, specialDevice: true }
    const honest = await run(signing, options)
    expect(honest.first).toMatchObject({ type: 'AAC' })
    expect(honest.first?.signature?.ok).toBe(true)
    expect((await run(signing, options, damaged(1, 5))).first?.signature?.ok).toBe(false)
  })
  it('a chain that does not hold: no CDA is asked for', async () => {
    const result = await run(room, { ...ONLINE, authentication: { store: new CaKeyStore() } })
    expect(p1s(result)).toEqual(['80', '40'])
    expect(toHex(result.tvr)).toBe('0400000800')
    expect(toHex(result.tsi).slice(0, 2)).toBe('F8')
  })
  it('a terminal without unpredictable number proves nothing', async () => {
    const values = new Map(terminal())
    values.delete('9F37')
    expect((await run(room, { ...ONLINE, terminal: values })).first?.signature?.ok).toBe(false)
  })
})

describe('enciphered PIN [EMV-B2] 7', () => {
  const list = '000000000000000004031F03'
  const statuses = ({ steps }: TransactionResult): string[] =>
    steps.filter(({ header }) => header === '00200088').map(({ status }) => status ?? '')

  it.each([
    ['the ICC key', {}],
    ['a PIN encipherment key of its own', { pinKey: true }],
  ])('under %s', async (_, pinKey) => {
    const own = open({ cvmList: list, certificates: { ...certificates, ...pinKey } })
    const right = await run(own)
    expect(statuses(right)).toEqual(['9000'])
    expect(toHex(right.cardholderVerification?.cvmResults ?? new Uint8Array())).toBe('040302')
    expect(statuses(await run(own, { pins: ['0000', '1234'] }))).toEqual(['63C2', '9000'])
  })
  it('fails without keys that vouch, and sends no PIN', async () => {
    const own = open({ cvmList: list })
    for (const options of [{ authentication: { store: new CaKeyStore() } }, {}]) {
      const given = await own.run({ terminal: terminal(), ...options })
      expect(statuses(given)).toEqual([])
      expect(toHex(given.cardholderVerification?.cvmResults ?? new Uint8Array())).toBe('040301')
    }
  })
})
