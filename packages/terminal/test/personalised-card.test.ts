/** The example cards, personalised and read as a terminal reads them: the checks of @issuerkit/oda are the judge. */
import { readdirSync, readFileSync } from 'node:fs'
import {
  collectRecords,
  concat,
  dolLength,
  type Exchange,
  encodeCommand,
  fillDol,
  findTlv,
  fromHex,
  parseDol,
  parseProcessingOptions,
  parseResponse,
  parseTlv,
  readRecords,
  record,
  toHex,
  withGetResponse,
} from '@issuerkit/apdu'
import { openDebitCreditCard, parseCardProfile, personaliseCard } from '@issuerkit/card'
import { RsaPrivateKey } from '@issuerkit/keys'
import { authenticateTranscript, CaKeyStore, type OdaMethod, type OdaVerdict, testCaFromKey } from '@issuerkit/oda'
import { describe, expect, it } from 'vitest'

const FOLDER = new URL('../../../examples/cards/', import.meta.url)
const caKey = RsaPrivateKey.generate(1024, 3)

/** The profile as it is, but with keys that are made in a moment. */
function profileOf(file: string) {
  const profile = parseCardProfile(JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')))
  const quick = profile.applications.map((application) => ({
    ...application,
    ...(application.certificates === undefined
      ? {}
      : { certificates: { ...application.certificates, issuerBits: 512, iccBits: 512 } }),
  }))
  return { ...profile, applications: quick }
}

/** What a terminal knows: the unpredictable number stands in the DDOL and in the CDOL1. */
const TERMINAL = new Map(Object.entries({ '9F37': '11223344', '9F02': '000000000100', '9A': '261121', '9F1A': '0156' }))
const VALUES = new Map([...TERMINAL].map(([tag, hex]) => [tag, fromHex(hex)]))
const values = (dol: Uint8Array | undefined): Uint8Array => fillDol(parseDol(dol ?? new Uint8Array(0)), VALUES)

async function ask(exchange: Exchange, ins: number, p1: number, p2: number, data?: Uint8Array): Promise<Uint8Array> {
  const cla = ins === 0xa8 || ins === 0xae ? 0x80 : 0x00
  const { status, data: answer } = parseResponse(
    await exchange(encodeCommand({ cla, ins, p1, p2, ...(data === undefined ? {} : { data }), le: 256 })),
  )
  expect(status).toBe('9000')
  return answer
}

/** Selects an application, reads it, asks for a dynamic signature and for a cryptogram with CDA. */
async function session(file: string, index = 0) {
  const profile = profileOf(file)
  const store = new CaKeyStore()
  const authorities = profile.applications.map(({ aid }) => {
    const ca = testCaFromKey(caKey, { rid: fromHex(aid.slice(0, 10)), index: 0xf1 })
    store.add('test', ca.key)
    return ca
  })
  const card = openDebitCreditCard(personaliseCard(profile, authorities))
  const { exchange, entries } = record(withGetResponse(card.exchange))
  const application = profile.applications[index]
  const fci = await ask(exchange, 0xa4, 4, 0, fromHex(application?.aid ?? ''))
  const pdol = findTlv(parseTlv(fci), '6F', 'A5', '9F38')?.value
  const length = dolLength(parseDol(pdol ?? new Uint8Array(0)))
  const options = await ask(exchange, 0xa8, 0, 0, concat(Uint8Array.of(0x83, length), values(pdol)))
  const { aip, afl } = parseProcessingOptions(options)
  const records = await readRecords(exchange, afl)
  const tags = collectRecords(records)
  await ask(exchange, 0x88, 0, 0, values(tags.get('9F49')))
  await ask(exchange, 0xae, 0x90, 0, values(tags.get('8C')))
  const judge = (method: OdaMethod): OdaVerdict =>
    authenticateTranscript(entries, { store, profile: 'test', transactionDate: '20261121', method })
  return { aip, tags, judge, fci, card }
}

describe('an example card', () => {
  it.each(readdirSync(FOLDER).filter((file) => file !== 'etc-purse.json'))(
    '%s holds offline, by every method',
    async (file) => {
      const { judge, tags } = await session(file)
      const methods = ['sda', 'icc-key', 'dda', 'cda', ...(tags.has('9F2D') ? ['pin-key' as const] : [])] as const
      for (const method of methods) {
        const verdict = judge(method)
        expect({ method, ok: verdict.ok, fault: verdict.ok ? undefined : verdict }).toEqual({ method, ok: true })
      }
    },
  )

  it('with two applications holds in the second, too', async () => {
    const { judge, tags } = await session('two-applications.json', 1)
    expect(judge('cda').ok).toBe(true)
    expect(toHex(tags.get('5A') ?? new Uint8Array(0))).toBe('6200000000000013')
  })

  it('of another CA does not hold', async () => {
    const { judge } = await session('pboc.json')
    expect(judge('sda').ok).toBe(true)
    const other = profileOf('pboc.json')
    const ca = testCaFromKey(RsaPrivateKey.generate(1024, 3), { rid: fromHex('A000000333'), index: 0xf1 })
    const card = openDebitCreditCard(personaliseCard(other, ca))
    const { exchange, entries } = record(withGetResponse(card.exchange))
    await ask(exchange, 0xa4, 4, 0, fromHex('A000000333010101'))
    const { afl } = parseProcessingOptions(await ask(exchange, 0xa8, 0, 0, fromHex(`8309${'00'.repeat(9)}`)))
    await readRecords(exchange, afl)
    const store = new CaKeyStore()
    store.add('test', testCaFromKey(caKey, { rid: fromHex('A000000333'), index: 0xf1 }).key)
    const options = { store, profile: 'test', transactionDate: '20261121', method: 'sda' } as const
    expect(authenticateTranscript(entries, options).ok).toBe(false)
  })
})
