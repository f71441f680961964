/**
 * The UnionPay chain of vectors/unionpay-field55-chain.json, which was computed without this toolkit, from end to end: the
 * request that the terminal builds with the card, the issuer's answer, the notification, and the next request.
 */
import { type Exchange, fromHex, parseTlv, toHex, withGetResponse } from '@issuerkit/apdu'
import { loadCard, openDebitCreditCard, saveCard } from '@issuerkit/card'
import { CaKeyStore, createTestCa } from '@issuerkit/oda'
import { describe, expect, it } from 'vitest'
import chain from '../../../vectors/unionpay-field55-chain.json' with { type: 'json' }
import type { OnlineResponse } from '../src/online.js'
import type { TransactionOptions } from '../src/transaction-model.js'
import { openRoom, type Room } from './issuer-card-support.js'

const ca = createTestCa({ rid: fromHex('A000000333'), index: 1, bits: 768, exponent: 3, expiry: '20491231' })
const store = new CaKeyStore()
store.add('test', ca.key)

const terminal = (changes: Readonly<Record<string, string>>): ReadonlyMap<string, Uint8Array> =>
  new Map(
    Object.entries({
      '9A': '261121',
      '9C': '00',
      '9F02': '000000010000',
      '9F03': '000000000000',
      '5F2A': '0156',
      '9F1A': '0156',
      '9F1B': '00002710',
      '9F33': 'E0F1C8',
      '9F34': '3F0000',
      '9F35': '22',
      '9F1E': '3030303030303031',
      '9F09': '0030',
      '9F37': 'A1B2C3D4',
      '9F41': '00000001',
      ...changes,
    }).map(([tag, value]) => [tag, fromHex(value)]),
  )

/** A card at the transaction before, with the chain's discretionary data, and the issuer of its keys. */
function open() {
  const room = openRoom('pboc', {
    ca,
    application: {
      cvmList: '000000000000000042031F03',
      version: '0030',
      capabilities: { cda: false },
      issuerDiscretionaryData: '0A010000005000F2DE37D9',
      certificates: { issuerBits: 704, iccBits: 640 },
      limits: { '9F58': '03', '9F59': '05' },
    },
  })
  for (const tag of ['9F36', '9F13']) room.card.memory.write(`app/0/data/${tag}`, fromHex('0063'))
  room.card.memory.commit()
  return room
}

const OPTIONS = {
  authentication: { store, profile: 'test' },
  pins: ['1234'],
} as const satisfies Partial<TransactionOptions>

/**
 * The chain's CVR does not say that DDA was performed, and its TVR not that it was not: a twin of the card signs, and the
 * card itself never hears of it.
 */
const signedByTwin =
  ({ card }: Room) =>
  (exchange: Exchange): Exchange => {
    const twin = withGetResponse(openDebitCreditCard(loadCard(saveCard(card.memory))).exchange)
    return async (command) => {
      const signed = await twin(command)
      return command[1] === 0x88 ? signed : exchange(command)
    }
  }

const asText = (field55: Uint8Array): string[] => parseTlv(field55).map(({ bytes }) => toHex(bytes))
const textOf = ({ issuerAuthenticationData, scripts = [] }: OnlineResponse): string =>
  `910A${toHex(issuerAuthenticationData ?? new Uint8Array())}${scripts.map(toHex).join('')}`

describe('the chain', () => {
  it('request, answer, notification and next request are those of the vectors', async () => {
    const room = open()
    room.issuer.queue([{ type: 'pin-unblock' }, { type: 'put-data', tag: '9F58', value: Uint8Array.of(5) }], {
      id: fromHex('00000A01'),
    })
    const first = await room.run({ ...OPTIONS, terminal: terminal({}) }, signedByTwin(room))
    expect(first.authentication?.outcome).toBe('authenticated')
    expect(toHex(first.request?.field55 ?? new Uint8Array())).toBe(chain.request)
    expect(textOf(first.response as OnlineResponse)).toBe(chain.response)
    expect(toHex(first.second?.cryptogram ?? new Uint8Array())).toBe('36DB30B46E9B8758')
    expect(first.decision).toBe('approved')
    expect(toHex(first.tsi)).toBe('FC00')
    const told = asText(first.advice?.field55 ?? new Uint8Array())
    // Beside UnionPay's tags the notification says the kind of the cryptogram, and the results as EMV names them.
    expect(told.filter((object) => !object.startsWith('9F27') && !object.startsWith('9F5B')).join('')).toBe(
      chain.scriptResult0620,
    )
    expect(told).toContain('9F5B052000000A01')
    const [authorization] = room.issuer.authorizations()
    expect(authorization?.verdict).toMatchObject({ code: 'V', scheme: 'pboc', atc: 100 })
    expect(authorization?.advices).toMatchObject([
      {
        verdict: { code: 'V', type: 'TC' },
        results: { scripts: [{ evidence: 'identifier', commands: ['executed', 'executed'] }], unmatched: [] },
        duplicate: false,
        conflicting: false,
      },
    ])
    // The discretionary data are the personaliser's here, so the next request differs in them alone.
    const next = await room.run(
      { ...OPTIONS, terminal: terminal({ '9F37': '0A0B0C0D', '9F41': '00000002' }) },
      signedByTwin(room),
    )
    expect(toHex(next.request?.field55 ?? new Uint8Array())).toBe(
      chain.nextRequestOk.replace('0A010000005000782CA7A6', '0A010000005000F2DE37D9'),
    )
    expect(room.issuer.authorizations()[0]?.cardEvidence).toEqual({ scriptCounter: 2, scriptFailed: false })
  })

  it('with a script that failed, too', async () => {
    const room = open()
    room.issuer.queue([{ type: 'pin-unblock' }, { type: 'put-data', tag: '9F58', value: Uint8Array.of(5) }])
    const failing = async (request: Parameters<typeof room.issuer.authorize>[0]): Promise<OnlineResponse> => {
      const { scripts = [], ...rest } = await room.issuer.authorize(request)
      return { ...rest, scripts: scripts.map((bytes) => bytes.with(-1, (bytes.at(-1) ?? 0) ^ 1)) }
    }
    const first = await room.run({ ...OPTIONS, terminal: terminal({}), issuer: failing }, signedByTwin(room))
    expect(toHex(first.scriptResults.DF31)).toBe('1200000001')
    // The TC does not cover what happened after it.
    expect(toHex(first.tvr)).toBe('0000048010')
    expect(room.issuer.authorizations()[0]?.advices).toMatchObject([{ verdict: { code: 'V', type: 'TC' } }])
    const next = await room.run(
      { ...OPTIONS, terminal: terminal({ '9F37': '0A0B0C0D', '9F41': '00000002' }) },
      signedByTwin(room),
    )
    expect(toHex(next.request?.field55 ?? new Uint8Array())).toBe(
      chain.nextRequestScriptFailed.replace('0A010000005000782CA7A6', '0A010000005000F2DE37D9'),
    )
    expect(room.issuer.authorizations()[0]?.cardEvidence).toEqual({ scriptCounter: 2, scriptFailed: true })
  })
})
