/** The issuer in process, fed by hand with the messages of the UnionPay chain. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { createKey, type KeySet } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import chain from '../../../vectors/unionpay-field55-chain.json' with { type: 'json' }
import { createIssuer } from '../src/issuer.js'
import type { Issuer, IssuerOptions } from '../src/issuer-model.js'
import type { OnlineRequest, TransactionAdvice } from '../src/online.js'

const key = <P extends 'AC' | 'MAC' | 'ENC'>(purpose: P, hex: string) =>
  createKey('tdes', 'issuer', purpose, fromHex(hex))
const SET: KeySet = {
  dki: 1,
  algorithm: 'tdes',
  ac: key('AC', chain.imkAc),
  mac: key('MAC', chain.imkMac),
  enc: key('ENC', chain.imkEnc),
}
const CARD = { pan: chain.pan, panSequence: chain.psn }
const REQUEST: OnlineRequest = { ...CARD, kind: 'ARQC', field55: fromHex(chain.request) }
const NEXT: OnlineRequest = { ...REQUEST, field55: fromHex(chain.nextRequestOk) }
const ADVICE: TransactionAdvice = { ...CARD, kind: 'completed', field55: fromHex(chain.scriptResult0620) }
const COMMANDS = [{ type: 'pin-unblock' }, { type: 'put-data', tag: '9F58', value: Uint8Array.of(5) }] as const

const issuerOf = (options: Partial<IssuerOptions> = {}): Issuer => createIssuer({ keySets: [SET], ...options })
const arc = (bytes: Uint8Array): string => String.fromCharCode(...bytes)
const replaced = (field55: string, from: string, to: string): Uint8Array => fromHex(field55.replace(from, to))

describe('a request', () => {
  it('is answered as the chain is', async () => {
    const issuer = issuerOf()
    issuer.queue(COMMANDS, { id: fromHex('00000A01') })
    const { issuerAuthenticationData, scripts, ...rest } = await issuer.authorize(REQUEST)
    expect(rest).toEqual({ arc: fromHex('3030') })
    expect(`910A${toHex(issuerAuthenticationData ?? new Uint8Array())}${scripts?.map(toHex)}`).toBe(chain.response)
    expect(issuer.waiting()).toEqual([])
    expect(issuer.authorizations()).toMatchObject([
      { requests: 1, verdict: { code: 'V' }, scripts: [{ template: '72' }] },
    ])
  })

  it('that comes again gets the same answer, and no second delivery', async () => {
    const issuer = issuerOf()
    issuer.queue(COMMANDS)
    const first = await issuer.authorize(REQUEST)
    issuer.queue([{ type: 'card-block' }])
    expect(await issuer.authorize({ ...REQUEST, field55: fromHex(chain.request) })).toBe(first)
    expect(issuer.authorizations()).toMatchObject([{ requests: 2 }])
    expect(issuer.waiting()).toHaveLength(1)
  })

  it('with the counter of another one is a replay: 05, and no script', async () => {
    const issuer = issuerOf()
    await issuer.authorize(REQUEST)
    issuer.queue(COMMANDS)
    // The merchant's counter is not under the cryptogram.
    const again = { ...REQUEST, field55: replaced(chain.request, '9F410400000001', '9F410400000002') }
    const response = await issuer.authorize(again)
    expect(arc(response.arc)).toBe('05')
    expect(response.scripts).toBeUndefined()
    expect(issuer.authorizations()[1]?.verdict).toMatchObject({ code: 'E', cryptogramValid: true })
    expect(issuer.waiting()).toHaveLength(1)
  })

  it('whose cryptogram is wrong gets 05 and nothing else', async () => {
    const issuer = issuerOf()
    issuer.queue(COMMANDS)
    const wrong = { ...REQUEST, field55: replaced(chain.request, 'E89051379F080D14', 'E89051379F080D15') }
    expect(await issuer.authorize(wrong)).toEqual({ arc: fromHex('3035') })
    expect(await issuer.authorize({ ...REQUEST, field55: fromHex('9F26') })).toEqual({ arc: fromHex('3035') })
    expect(issuer.authorizations().map(({ verdict }) => verdict.code)).toEqual(['I', 'F'])
  })

  it('says in its CVR what became of the scripts before', async () => {
    for (const [next, failed] of [
      [chain.nextRequestOk, false],
      [chain.nextRequestScriptFailed, true],
    ] as const) {
      const issuer = issuerOf()
      await issuer.authorize(REQUEST)
      expect(issuer.authorizations()[0]?.cardEvidence).toBeUndefined()
      await issuer.authorize({ ...REQUEST, field55: fromHex(next) })
      expect(issuer.authorizations()[0]?.cardEvidence).toEqual({ scriptCounter: 2, scriptFailed: failed })
    }
  })
  it('says nothing that its cryptogram does not cover, and nothing of another card', async () => {
    const issuer = issuerOf()
    await issuer.authorize(REQUEST)
    await issuer.authorize({ ...REQUEST, field55: fromHex(chain.contactlessCvn17) })
    await issuer.authorize({ ...NEXT, panSequence: '02' })
    await issuer.authorize({ ...NEXT, field55: replaced(chain.nextRequestOk, 'A00020', 'A00028') })
    expect(issuer.authorizations()[0]?.cardEvidence).toBeUndefined()
    expect(issuer.authorizations().map(({ verdict }) => verdict.code)).toEqual(['V', 'V', 'I', 'I'])
  })

  it('beyond the counters that the issuer allows is declined, and still authenticated', async () => {
    const issuer = issuerOf({ atcAhead: 1 })
    await issuer.authorize(REQUEST)
    const far = await issuer.authorize({ ...REQUEST, field55: fromHex(chain.contactlessCvn17) })
    expect(arc(far.arc)).toBe('05')
    expect(far.issuerAuthenticationData).toHaveLength(10)
    expect(issuer.authorizations()[1]?.verdict.code).toBe('A')
    for (const atcAhead of [-1, 1.5, Number.NaN]) expect(() => issuerOf({ atcAhead })).toThrow('ERR_OPTION')
  })

  it('is decided by the issuer, with a policy if it has one', async () => {
    const refusing = issuerOf({ policy: { tvr: ['floorLimitExceeded'] } })
    expect(arc((await refusing.authorize(REQUEST)).arc)).toBe('05')
    const deciding = issuerOf({ decide: ({ code }) => ({ arc: code === 'V' ? '51' : '96' }) })
    expect(arc((await deciding.authorize(REQUEST)).arc)).toBe('51')
    expect(arc((await deciding.authorize({ ...REQUEST, field55: fromHex('00') })).arc)).toBe('96')
    for (const wrong of ['0', '000', 'é0']) {
      await expect(issuerOf({ decide: () => ({ arc: wrong }) }).authorize(REQUEST)).rejects.toThrow('ERR_ARC')
    }
  })

  it('with an AAC is checked as one', async () => {
    const issuer = issuerOf()
    issuer.queue([{ type: 'application-unblock' }])
    const arqc = await issuer.authorize({ ...REQUEST, kind: 'AAC' })
    expect(arqc).toEqual({ arc: fromHex('3035') })
    expect(issuer.authorizations()[0]?.verdict).toMatchObject({ code: 'G' })
  })

  it('of a scheme with ARPC method 2 takes a card status update', async () => {
    const issuer = issuerOf({ scheme: 'visa-cvn18', decide: () => ({ arc: '00', csu: fromHex('00000000') }) })
    // A PBOC message is none of Visa's format.
    expect(await issuer.authorize(REQUEST)).toEqual({ arc: fromHex('3030') })
    expect(issuer.authorizations()[0]?.verdict.ok).toBe(false)
  })
})

describe('scripts', () => {
  it('wait for their card', async () => {
    const issuer = issuerOf()
    issuer.queue(COMMANDS, { card: { pan: '6200000000000013', panSequence: '01' } })
    issuer.queue(COMMANDS, { card: CARD })
    expect((await issuer.authorize(REQUEST)).scripts).toHaveLength(1)
    expect(issuer.waiting()).toHaveLength(1)
  })
  it('are numbered unless they are given an identifier, or none', async () => {
    const issuer = issuerOf()
    issuer.queue([{ type: 'pin-unblock' }])
    issuer.queue([{ type: 'pin-unblock' }], { id: 'none', template: '71' })
    issuer.queue([{ type: 'pin-unblock' }], { id: fromHex('01020304') })
    issuer.queue([{ type: 'pin-unblock' }])
    const { scripts = [] } = await issuer.authorize(REQUEST)
    expect(scripts.map((bytes) => toHex(bytes.subarray(0, 9)))).toEqual([
      '72129F180400000001',
      '710B86098424000004'.slice(0, 18),
      '72129F180401020304',
      '72129F180400000002',
    ])
  })
  it('need a command, a MAC key, and an ENC key where they encipher', async () => {
    expect(() => issuerOf().queue([])).toThrow('ERR_SCRIPT')
    const { enc: _, ...withoutEnc } = SET
    const { mac: __, ...withoutMac } = withoutEnc
    const noMac = issuerOf({ keySets: [withoutMac] })
    noMac.queue([{ type: 'pin-unblock' }])
    await expect(noMac.authorize(REQUEST)).rejects.toThrow('ERR_KEY: MAC key')
    // Nothing was answered, so nothing was delivered.
    expect(noMac.authorizations()).toEqual([])
    expect(noMac.waiting()).toHaveLength(1)
    const noEnc = issuerOf({ keySets: [withoutEnc] })
    noEnc.queue([{ type: 'pin-change', newPin: '1234' }])
    await expect(noEnc.authorize(REQUEST)).rejects.toThrow('ERR_KEY')
  })
  it('of another length of MAC', async () => {
    const issuer = issuerOf({ scripts: { macLength: 8 } })
    issuer.queue([{ type: 'pin-unblock' }])
    const { scripts = [] } = await issuer.authorize(REQUEST)
    // The first four bytes are those of the chain's MAC but for Lc, which the MAC covers.
    expect(toHex(scripts[0] as Uint8Array)).toMatch(/^72169F180400000001860D8424000008/)
  })
})

describe('an advice', () => {
  it('is matched with what was sent, and its TC verified with the request', async () => {
    const issuer = issuerOf()
    issuer.queue(COMMANDS, { id: fromHex('00000A01') })
    await issuer.authorize(REQUEST)
    expect(issuer.advice(ADVICE)).toMatchObject({
      verdict: { code: 'V', type: 'TC', atc: 100 },
      results: { scripts: [{ evidence: 'identifier', commands: ['executed', 'executed'] }], unmatched: [] },
      duplicate: false,
      conflicting: false,
    })
    expect(issuer.advice(ADVICE)).toMatchObject({ duplicate: true })
    expect(issuer.authorizations()[0]?.advices).toHaveLength(1)
  })
  it('of nothing that was asked for is none of ours', async () => {
    const issuer = issuerOf()
    expect(issuer.advice(ADVICE)).toBeUndefined()
    await issuer.authorize(REQUEST)
    expect(issuer.advice({ ...ADVICE, panSequence: '02' })).toBeUndefined()
    expect(issuer.advice({ ...ADVICE, field55: fromHex('9F') })).toBeUndefined()
    expect(issuer.advice({ ...ADVICE, field55: replaced(chain.scriptResult0620, '9F36020064', '') })).toBeUndefined()
    expect(
      issuer.advice({ ...ADVICE, field55: replaced(chain.scriptResult0620, '9F36020064', '9F36020065') }),
    ).toBeUndefined()
    await issuer.authorize({ ...REQUEST, field55: fromHex('00') })
    expect(issuer.advice(ADVICE)).toBeDefined()
  })
  it('that says otherwise is marked', async () => {
    const issuer = issuerOf()
    issuer.queue(COMMANDS, { id: fromHex('00000A01') })
    await issuer.authorize(REQUEST)
    issuer.advice(ADVICE)
    const other = issuer.advice({
      ...ADVICE,
      field55: replaced(chain.scriptResult0620, 'DF31052000000A01', 'DF31051200000A01'),
    })
    expect(other).toMatchObject({
      conflicting: true,
      duplicate: false,
      results: { scripts: [{ commands: ['executed', 'failed'] }] },
    })
  })
  it('with results that are none, and with none at all', async () => {
    const issuer = issuerOf()
    issuer.queue(COMMANDS)
    await issuer.authorize(REQUEST)
    const malformed = issuer.advice({
      ...ADVICE,
      field55: replaced(chain.scriptResult0620, 'DF31052000000A01', 'DF31012F'),
    })
    expect(malformed?.results).toBeUndefined()
    const silent = issuer.advice({ ...ADVICE, field55: replaced(chain.scriptResult0620, 'DF31052000000A01', '') })
    expect(silent?.results?.scripts).toMatchObject([{ evidence: 'none' }])
    const emv = issuer.advice({
      ...ADVICE,
      field55: replaced(chain.scriptResult0620, 'DF31052000000A01', '9F5B051100000001'),
    })
    expect(emv?.results?.scripts).toMatchObject([{ commands: ['failed', 'not-executed'] }])
  })
  it('a reversal has no cryptogram', async () => {
    const issuer = issuerOf()
    await issuer.authorize(REQUEST)
    const reversal = {
      ...ADVICE,
      kind: 'interrupted',
      field55: fromHex('950500000480009F36020064DF31050000000000'),
    } as const
    expect(issuer.advice(reversal)?.verdict).toBeUndefined()
  })
  it('with a TVR cut short, and of a request that could not be read', async () => {
    const issuer = issuerOf()
    await issuer.authorize({
      ...REQUEST,
      field55: replaced(chain.request, '9F101307010103A00000010A010000005000F2DE37D9', ''),
    })
    const short = issuer.advice({
      ...ADVICE,
      field55: replaced(chain.scriptResult0620, '95050000048000', '950400000480'),
    })
    expect(short?.verdict).toMatchObject({ ok: false, code: 'F' })
  })
  it('a bit set after the final GENERATE AC is not under its cryptogram; any other is', async () => {
    const issuer = issuerOf()
    await issuer.authorize(REQUEST)
    const with95 = (tvr: string) =>
      issuer.advice({ ...ADVICE, field55: replaced(chain.scriptResult0620, '95050000048000', `9505${tvr}`) })?.verdict
        ?.code
    expect(with95('0000048010')).toBe('V')
    expect(with95('0000048020')).toBe('I')
    expect(with95('0000048011')).toBe('I')
  })
  it('an AAC that calls itself a TC is none, and the other way round', async () => {
    const issuer = issuerOf()
    await issuer.authorize(REQUEST)
    const called = (cid: string) =>
      issuer.advice({ ...ADVICE, field55: fromHex(`${chain.scriptResult0620}9F2701${cid}`) })?.verdict?.code
    expect([called('40'), called('00')]).toEqual(['V', 'G'])
  })
})
