/**
 * A whole UnionPay chain through HTTP: request, answer, notification, the next request, a contactless one.
 *
 * Every number is of vectors/unionpay-field55-chain.json, computed apart from this project and checked against a published
 * cryptogram. Its answer carries the script identifier 0400000A; the host's are random.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { useDatabase } from './support/database.js'
import { type Body, CHAIN_PAN, commandsOf, type Issuing, issuing } from './support/issuing.js'

const CHAIN = {
  request:
    '9F2608E89051379F080D149F2701809F101307010103A00000010A010000005000F2DE37D99F3704A1B2C3D49F36020064950500000480009A032611219C01009F02060000000100005F2A02015682027C009F1A0201569F03060000000000009F3303E0F1C89F34034203009F3501229F1E0830303030303030318408A0000003330101019F090200309F410400000001',
  /** 91, then 72 with 9F18 04 0400000A in the middle. */
  answer: ['910A136117F2E8DAA2723030721E9F1804', '860984240000042D417542860A04DA9F58050544AD10CE'],
  notification: {
    start:
      '9F3303E0F1C8950500000480009F3704A1B2C3D49F1E0830303030303030319F101307010103600000010A010000005000F2DE37D99F260836DB30B46E9B87589F3602006482027C00DF310520',
    end: '9F1A0201569A03261121',
  },
  next: '9F260856DC77171E5C68A99F2701809F101307010103A00020010A010000005000782CA7A69F37040A0B0C0D9F36020065950500000480009A032611219C01009F02060000000100005F2A02015682027C009F1A0201569F03060000000000009F3303E0F1C89F34034203009F3501229F1E0830303030303030318408A0000003330101019F090200309F410400000002',
  nextFailed:
    '9F26080119624B625486C39F2701809F101307010103A00028010A010000005000782CA7A69F37040A0B0C0D9F36020065950500000480009A032611219C01009F02060000000100005F2A02015682027C009F1A0201569F03060000000000009F3303E0F1C89F34034203009F3501229F1E0830303030303030318408A0000003330101019F090200309F410400000002',
  contactless:
    '9F26083B03C2B0F5613FBF9F2701809F101307011703A00000010A0100000050005F107FEF9F3704112233449F36020066950500000000009A032611219C01009F02060000000100005F2A02015682027C009F1A0201569F03060000000000009F3303E0F1C89F34034203009F3501229F1E0830303030303030318408A0000003330101019F090200309F410400000003',
} as const

const { database } = useDatabase()
let bank: Issuing
const message = (reference: string, emv: string) => ({ pan: CHAIN_PAN, reference, emv })
/** The identifier that the host gave its script. */
let identifier = ''

beforeAll(async () => {
  bank = await issuing(database(), 'chain')
})

/** Begins anew with the same card: its ledger goes. */
async function freshCard(): Promise<string[]> {
  for (const table of ['authorization_request', 'card_ledger', 'ledger_archive'] as const)
    await database().deleteFrom(table).execute()
  return [
    await bank.queue(CHAIN_PAN, { type: 'pin-unblock' }),
    await bank.queue(CHAIN_PAN, { type: 'put-data', tag: '9F58', value: '05' }),
  ]
}

async function begin(): Promise<{ entries: string[]; body: Body }> {
  const entries = await freshCard()
  const body = await bank.authorize(message('stan-1', CHAIN.request))
  identifier = (body['answer'] as { scripts: [{ identifier: string }] }).scripts[0].identifier
  return { entries, body }
}
const notification = (): string => CHAIN.notification.start + identifier + CHAIN.notification.end

describe('the chain', () => {
  test('the request is answered with the PIN UNBLOCK and the PUT DATA of the chain', async () => {
    const { entries, body } = await begin()
    const [unblock, limit] = entries
    expect(body).toMatchObject({
      ...{ repeat: false, verdict: 'V', findings: [], scheme: 'pboc', dki: 1, type: 'ARQC', atc: 0x64 },
      ...{ flags: [], scriptResults: [], missing: [], policyHits: [] },
      cvr: { table: 'cvr-vis', values: { firstGenerateAc: 'ARQC', scriptCounter: 0 } },
      tvr: { table: 'tvr', set: [{ name: 'onlinePinEntered' }, { name: 'floorLimitExceeded' }] },
      idd: { id: 1, value: '0000005000', macVerdict: 'valid' },
      entries: [
        { entry: unblock, state: 'sent', rank: null, type: 'pin-unblock' },
        { entry: limit, state: 'sent', rank: null, type: 'put-data' },
      ],
      answer: {
        ...{
          approved: true,
          arc: '3030',
          issuerAuthenticationData: '136117F2E8DAA2723030',
          withheld: [],
          warnings: [],
        },
        emv: CHAIN.answer.join(identifier),
        scripts: [
          {
            ...{ template: '72', identifier },
            commands: [
              { entry: unblock, type: 'pin-unblock', apdu: '84240000042D417542' },
              { entry: limit, type: 'put-data', apdu: '04DA9F58050544AD10CE' },
            ],
          },
        ],
      },
    })
    expect(identifier).toMatch(/^(?!00000000)[0-9A-F]{8}$/)
    expect(body).not.toHaveProperty('tags')
  })

  test('the notification confirms both by the terminal, its TC verifies with what the request left behind', async () => {
    const { entries, body } = await begin()
    const advice = await bank.advise(message('stan-1', notification()), { kind: 'script-result' })
    expect(advice).toMatchObject({
      ...{ matched: true, authorization: body['authorization'], card: body['card'], verdict: 'V' },
      delivery: (body['answer'] as Body)['delivery'],
      scriptResults: [{ outcome: 'successful', commandNumber: 0, scriptIdentifier: identifier }],
      entries: entries.map((entry) => ({ entry, state: 'confirmed', rank: 'terminal' })),
    })
    // Once more, and late: nothing moves.
    expect(await bank.advise(message('stan-1', notification()), { kind: 'script-result' })).toMatchObject({
      entries: [],
    })
    const next = await bank.authorize(message('stan-2', CHAIN.next))
    expect(next).toMatchObject({
      verdict: 'V',
      entries: entries.map((entry) => ({ entry, state: 'confirmed', rank: 'card' })),
      answer: { scripts: [], delivery: null },
    })
    expect(await bank.advise(message('stan-1', notification()), { kind: 'script-result' })).toMatchObject({
      entries: [],
    })
  })

  test('the notification is not needed: the counter of the next request confirms both', async () => {
    const { entries } = await begin()
    const next = await bank.authorize(message('stan-2', CHAIN.next))
    expect(next['entries']).toEqual([
      { entry: entries[0], state: 'confirmed', rank: 'card', type: 'pin-unblock' },
      { entry: entries[1], state: 'confirmed', rank: 'card', type: 'put-data' },
    ])
  })

  test('the failed bit outranks a notification that says all is well', async () => {
    const { entries } = await begin()
    await bank.advise(message('stan-1', notification()), { kind: 'script-result' })
    const next = await bank.authorize(message('stan-2', CHAIN.nextFailed))
    expect(next).toMatchObject({ verdict: 'V', cvr: { set: [{ name: 'scriptFailed' }] } })
    expect(await bank.states(CHAIN_PAN, ...entries)).not.toContain('confirmed')
    const { body } = await bank.host.get(`/v1/cards/${await bank.card(CHAIN_PAN)}`)
    expect(body['entries']).toMatchObject([{ contradiction: true }, { contradiction: true }])
  })

  test('a contactless cryptogram is verified and answered, and carries nothing', async () => {
    const [unblock, limit] = await freshCard()
    const body = await bank.authorize(message('stan-3', CHAIN.contactless), { entryMode: '071' })
    expect(body).toMatchObject({
      ...{ verdict: 'V', scheme: 'pboc-cvn17', atc: 0x66, entries: [] },
      answer: {
        ...{ scripts: [], delivery: null },
        withheld: [unblock, limit].map((entry) => ({ entry, reason: 'no-chip-contact' })),
      },
    })
    // The same tap, called a contact chip.
    await freshCard()
    const called = await bank.authorize(message('stan-3', CHAIN.contactless), { entryMode: '051' })
    expect(commandsOf(called)).toEqual([])
    expect(called['answer']).toMatchObject({ withheld: [{ reason: 'contactless-cryptogram' }, {}] })
  })
})
