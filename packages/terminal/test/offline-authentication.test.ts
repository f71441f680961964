/** Offline data authentication with the card's part in it; keys of a test CA made for this run. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { beforeAll, describe, expect, test } from 'vitest'
import type { InitiatedProcessing } from '../src/initiate-application.js'
import { authenticateApplication, type OfflineAuthentication } from '../src/offline-authentication.js'
import { type ApplicationReading, readApplication } from '../src/read-application.js'
import { createTerminalData } from '../src/terminal-data.js'
import { type Answer, cardOf, type SigningCard, signingCard, tlv } from './reading-support.js'

const AID = fromHex('A000000333010101')
const terminal = createTerminalData([['9A', fromHex('261121')]], { unpredictableNumber: fromHex('DDDDDDDD') })
const number = (): Uint8Array => fromHex('01020304')

let card: SigningCard
beforeAll(() => {
  card = signingCard()
})

/** Reads the signing card with an AIP, further data objects, and an answer to INTERNAL AUTHENTICATE. */
async function authenticate(
  aip: string,
  { more = '', answer = '6D00', options = {}, capabilities = 'E0F8C8', objects = {} }: Case = {},
): Promise<OfflineAuthentication & { commands: string[]; reading: ApplicationReading }> {
  const [first = '', second = '', third = '', fourth = ''] = card.certificates.split(' ')
  const { exchange, commands } = cardOf({
    '00B2010C': `${card.data}9000`,
    '00B20114': `${first}9000`,
    '00B20214': `${second}9000`,
    '00B20314': `${third}9000`,
    '00B20414': `${fourth}9000`,
    '00B20514': `${tlv('70', more)}9000`,
    '0088': answer,
  })
  const initiated: InitiatedProcessing = {
    ok: true,
    status: '9000',
    aip: fromHex(aip),
    afl: [
      { sfi: 1, first: 1, last: 1, signed: 1 },
      { sfi: 2, first: 1, last: 5, signed: 0 },
    ],
    pdolData: new Uint8Array(0),
    objects: new Map(Object.entries(objects).map(([tag, value]) => [tag, fromHex(value)])),
    findings: [],
  }
  const reading = await readApplication(exchange, { aid: AID }, initiated)
  const values = new Map([...terminal, ['9F33', fromHex(capabilities)] as const])
  const given = { store: card.store, profile: 'test', unpredictableNumber: number, ...options } as const
  const result = await authenticateApplication(exchange, reading, values, given)
  return { ...result, reading, commands: commands.filter((command) => !command.startsWith('00B2')) }
}

interface Case {
  readonly more?: string
  readonly answer?: Answer
  readonly options?: Partial<Parameters<typeof authenticateApplication>[3]>
  readonly capabilities?: string
  readonly objects?: Readonly<Record<string, string>>
}

/** A card that signs what it is sent. */
const signs: Answer = (command) => `${tlv('80', card.sign(command.subarray(5, 5 + (command[4] ?? 0))))}9000`

describe('DDA', () => {
  // 7D00 is what the certificates cover; a terminal without CDA takes DDA of it.
  const DDA = { capabilities: 'E0F8C0' }

  test('lets the card sign a fresh number by the default DDOL', async () => {
    const result = await authenticate('7D00', { ...DDA, answer: signs })
    expect(result).toMatchObject({ outcome: 'authenticated', findings: [], verdict: { ok: true, method: 'dda' } })
    expect(result.commands).toEqual(['00880000040102030400'])
    expect(result.verdict.recovered.iccDynamicNumber).toEqual(fromHex('0102030405060708'))
    expect(result.reading.others.map(({ command }) => toHex(command))).toEqual(result.commands)
  })

  test("fills the card's DDOL, the number of the transaction left out", async () => {
    const result = await authenticate('7D00', {
      ...DDA,
      answer: signs,
      more: tlv('9F49', '9F3704 9A03 E10 1'.replaceAll(' ', '')),
    })
    expect(result.outcome).toBe('authenticated')
    expect(result.commands).toEqual(['0088000008010203042611210000'])
  })

  test('takes a number of its own where none is given', async () => {
    const result = await authenticate('7D00', {
      ...DDA,
      answer: signs,
      options: { unpredictableNumber: undefined as never },
    })
    expect(result.outcome).toBe('authenticated')
    expect(result.commands[0]).toMatch(/^0088000004(?!DDDDDDDD|01020304)[0-9A-F]{8}00$/)
  })

  test('takes the signature in template 77, too', async () => {
    const answer: Answer = (command) => `${tlv('77', tlv('9F4B', card.sign(command.subarray(5, 9))))}9000`
    expect((await authenticate('7D00', { ...DDA, answer })).outcome).toBe('authenticated')
  })

  test.each<[string, Answer, string, string[]]>([
    ['over another number', () => `${tlv('80', card.sign(fromHex('01020305')))}9000`, 'SDAD_HASH', []],
    ['refused', '6985', 'SDAD_MISSING', ['INTERNAL_AUTHENTICATE_STATUS']],
    ['not in a template', '9F4B00 9000', 'SDAD_MISSING', ['INTERNAL_AUTHENTICATE_MALFORMED']],
    ['empty', '9000', 'SDAD_MISSING', ['INTERNAL_AUTHENTICATE_MALFORMED']],
  ])('fails with a signature %s', async (_name, answer, reason, findings) => {
    const result = await authenticate('7D00', { ...DDA, answer })
    expect(result).toMatchObject({
      outcome: 'failed',
      verdict: { ok: false, stage: 'dynamic-data', fault: { reason } },
    })
    expect(result.findings.map(({ code }) => code)).toEqual(findings)
  })

  test('fails with any bit of the signature changed', async () => {
    const length = card.sign(number()).length / 2
    for (const at of [0, 1, length >> 1, length - 2, length - 1]) {
      const answer: Answer = (command) => {
        const signature = fromHex(card.sign(command.subarray(5, 9)))
        signature[at] = (signature[at] ?? 0) ^ 0x01
        return `${tlv('80', toHex(signature))}9000`
      }
      expect((await authenticate('7D00', { ...DDA, answer })).outcome).toBe('failed')
    }
  })

  test.each([
    ['9F02069A03', 'DDOL_UNPREDICTABLE_NUMBER', []],
    ['9F37', 'DDOL_MALFORMED', []],
    ['9F37049F02FC', 'SDAD_MISSING', ['DDOL_TOO_LONG']],
  ])('does not ask by the DDOL %s', async (ddol, reason, findings) => {
    const result = await authenticate('7D00', { ...DDA, answer: signs, more: tlv('9F49', ddol) })
    expect(result).toMatchObject({ outcome: 'failed', commands: [], verdict: { fault: { reason } } })
    expect(result.findings.map(({ code }) => code)).toEqual(findings)
  })

  test('does not ask a card whose certificates do not hold', async () => {
    // The AIP is signed: another one breaks the ICC certificate.
    const result = await authenticate('3D00', { ...DDA, answer: signs })
    expect(result).toMatchObject({
      outcome: 'failed',
      commands: [],
      verdict: { method: 'dda', stage: 'icc-certificate' },
    })
    // [EMV-B3] Annex C5: DDA failed.
    expect(toHex(result.verdict.tvr)).toBe('0800000000')
  })

  test('of a recording is over what the card was sent', async () => {
    const answer = (): string => `${tlv('80', card.sign(fromHex('A1A2A3A4')))}9000`
    const asSent = (): Uint8Array => fromHex('0088000004A1A2A3A400')
    const result = await authenticate('7D00', { ...DDA, answer, options: { asSent } })
    expect(result.outcome).toBe('authenticated')
    expect(result.reading.others[0]?.command).toEqual(asSent())
  })

  test.each(['0088', '0088000009A1'])('of a recording with the command %s is over what is sent now', async (sent) => {
    const result = await authenticate('7D00', { ...DDA, answer: signs, options: { asSent: () => fromHex(sent) } })
    expect(result.outcome).toBe('authenticated')
  })

  test.each([3, 5])('refuses a number of %i bytes', async (length) => {
    const options = { unpredictableNumber: () => new Uint8Array(length) }
    await expect(authenticate('7D00', { ...DDA, options })).rejects.toMatchObject({ code: 'ERR_LENGTH' })
  })
})

describe('the other methods', () => {
  test('SDA holds where it is all that the terminal has', async () => {
    const result = await authenticate('7D00', { capabilities: 'E0F880' })
    expect(result).toMatchObject({ outcome: 'authenticated', commands: [], verdict: { ok: true, method: 'sda' } })
    expect(toHex(result.verdict.tvr)).toBe('0200000000')
    expect(toHex(result.verdict.recovered.dataAuthenticationCode ?? new Uint8Array(0))).toBe('DAC1')
  })

  test('SDA fails over another AIP', async () => {
    const result = await authenticate('4000')
    expect(result).toMatchObject({
      outcome: 'failed',
      verdict: { stage: 'static-data', fault: { reason: 'SSAD_HASH' } },
    })
  })

  test('CDA needs GENERATE AC; the certificates are checked all the same', async () => {
    const result = await authenticate('7D00')
    expect(result).toMatchObject({ outcome: 'cda-needs-generate-ac', commands: [] })
    expect(result.verdict).toMatchObject({ ok: true, method: 'icc-key' })
  })

  test('CDA fails where the certificates do not hold', async () => {
    const result = await authenticate('7D01')
    expect(result).toMatchObject({ outcome: 'failed', verdict: { ok: false, stage: 'icc-certificate' } })
  })

  test.each(['0000', '1C00', '8000'])('there is none for the AIP %s', async (aip) => {
    const capabilities = aip === '8000' ? '000004' : 'E0F8C8'
    const result = await authenticate(aip, { capabilities })
    expect(result).toMatchObject({ outcome: 'no-method', commands: [], verdict: { ok: false, stage: 'method' } })
  })

  test('fDDA is chosen where the processing options came with a cryptogram and a signature', async () => {
    const result = await authenticate('7D00', {
      more: tlv('9F4B', '00'.repeat(96)),
      objects: { '9F26': '00'.repeat(8) },
    })
    expect(result).toMatchObject({
      outcome: 'failed',
      commands: [],
      verdict: { method: 'fdda', stage: 'dynamic-data' },
    })
  })

  test('a cryptogram alone makes no fDDA', async () => {
    expect((await authenticate('7D00', { objects: { '9F26': '00'.repeat(8) } })).verdict.method).toBe('icc-key')
  })
})

describe('what it is judged by', () => {
  test('is the date of the terminal, or that of the options', async () => {
    const late = await authenticate('7D00', { options: { transactionDate: '20500101' } })
    expect(late).toMatchObject({ outcome: 'failed', verdict: { stage: 'issuer-certificate' } })
    expect(late.verdict.fault?.reason).toMatch(/EXPIRED/)
  })

  test('is a key of the right profile', async () => {
    const live = await authenticate('7D00', { options: { profile: 'live' } })
    expect(live).toMatchObject({ outcome: 'failed', verdict: { fault: { reason: 'CA_KEY_UNKNOWN' } } })
  })

  test('is a terminal with capabilities', async () => {
    await expect(authenticate('7D00', { capabilities: 'E0F8' })).rejects.toMatchObject({ code: 'ERR_LENGTH' })
    const { exchange } = cardOf({})
    const reading = (await authenticate('7D00')).reading
    await expect(authenticateApplication(exchange, reading, new Map(), { store: card.store })).rejects.toMatchObject({
      code: 'ERR_LENGTH',
    })
  })
})
