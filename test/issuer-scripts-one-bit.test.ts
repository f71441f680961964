/**
 * One wrong bit anywhere: in a script command, from its class to the last bit of its MAC, or in the issuer authentication
 * data (tag 91). The card refuses it, and nothing changes but what counts refusals.
 */
import { describe, expect, it } from 'vitest'
import { concat, fromHex, toHex } from '../packages/apdu/src/index.js'
import { openDebitCreditCard } from '../packages/card/src/debit-credit-card.js'
import { CardMemory } from '../packages/card/src/memory.js'
import type { VirtualCard } from '../packages/card/src/virtual-card.js'
import { SCHEMES, type SchemeName } from '../packages/keys/src/index.js'
import type { ScriptCommand } from '../packages/scripts/src/index.js'
import { difference, layTable, layTableFrom, objectsOf, PIN, type Table } from './support/debit-credit.js'

const NAMES = ['pboc', 'visa-cvn18', 'mastercard-cvn17', 'emv-ccd', 'pboc-sm4'] as const
const REFUSALS = ['6700', '6881', '6985', '6988', '6A80', '6A81', '6A82', '6A83', '6A86', '6A88', '6D00', '6E00']
const COUNTED = ['macFailures', 'scriptCounter', 'scriptFailed']

/** A short record at a place where there is none else. */
const RECORD = { sfi: 10, record: 1, data: '70049F140105' }
const COMMANDS: readonly ScriptCommand[] = [
  { type: 'application-block' },
  { type: 'application-unblock' },
  { type: 'card-block' },
  { type: 'pin-unblock' },
  { type: 'pin-change', newPin: '56789' },
  { type: 'pin-change-with-current', newPin: '56789', currentPin: PIN },
  { type: 'put-data', tag: '9F73', value: fromHex('01000001') },
  { type: 'update-record', sfi: 10, record: 1, value: fromHex('70049F140106') },
]

const flips = (bytes: Uint8Array): Uint8Array[] =>
  Array.from({ length: 8 * bytes.length }, (_, bit) =>
    Uint8Array.from(bytes, (byte, i) => (i === bit >> 3 ? byte ^ (0x80 >> (bit & 7)) : byte)),
  )
const statusOf = (answer: Uint8Array): string => toHex(answer.subarray(-2))

/** A card on which each command would change something: the PIN tries are down, a blocked one where unblocking is tried. */
async function used(scheme: SchemeName, command: ScriptCommand): Promise<Table> {
  const table = layTable(scheme, {
    limits: { '9F58': '05', '9F59': '0A', '9F73': '01000000' },
    records: [RECORD],
  })
  await table.select()
  await table.getProcessingOptions()
  expect(await table.verify('9999')).toBe('63C2')
  if (command.type === 'application-unblock') await table.online({ type: 'application-block' })
  return layTableFrom(table.card.memory.save(), scheme)
}

describe.each(NAMES)('%s', (scheme) => {
  const commands = COMMANDS.filter(
    ({ type }) => type !== 'pin-change-with-current' || SCHEMES[scheme].pinBlock.withCurrent === 'vis',
  )
  it.each(commands.map((command) => [command.type, command] as const))('%s', async (type, command) => {
    const table = await used(scheme, command)
    const saved = table.card.memory.save()
    const first = await table.begin()
    // With the counters, where the card has them for sure; the others in template 71, which is quicker.
    if (scheme === 'pboc' && type !== 'application-unblock') await table.end()
    const setup = [...table.sent]
    const [apdu = concat()] = table.script(first, command)
    const before = table.objects()
    const ready = async (): Promise<VirtualCard> => {
      const card = openDebitCreditCard(CardMemory.restore(saved))
      for (const sent of setup) await card.exchange(sent)
      return card
    }
    const seen = new Set<string>()
    let card = await ready()
    for (const wrong of flips(apdu)) {
      const status = statusOf(await card.exchange(wrong))
      if (!REFUSALS.includes(status)) expect.fail(`${toHex(wrong.subarray(0, 5))} is answered ${status}`)
      const changed = Object.keys(difference(before, objectsOf(card.memory)))
      const allowed = changed.every((name) => COUNTED.some((counted) => name.endsWith(`/state/${counted}`)))
      if (!allowed) expect.fail(`${toHex(wrong.subarray(0, 5))} changes ${changed}`)
      seen.add(status)
      // A wrong MAC ends the scripts of the transaction; after any other refusal the next one finds the same card.
      if (status === '6988') card = await ready()
    }
    expect([...seen]).toEqual(expect.arrayContaining(['6988', '6700', '6E00', '6D00']))
    // The right one is taken, and does change something.
    card = await ready()
    expect(statusOf(await card.exchange(apdu))).toBe('9000')
    const changed = Object.keys(difference(before, objectsOf(card.memory)))
    expect(changed.some((name) => !COUNTED.some((counted) => name.endsWith(counted)))).toBe(true)
  })

  it('tag 91', async () => {
    const table = layTable(scheme)
    await table.online({ type: 'pin-unblock' }, { type: 'put-data', tag: '9F36', value: fromHex('0000') })
    const saved = table.card.memory.save()
    const probe = layTableFrom(saved, scheme)
    const data = probe.answer(await probe.begin())
    for (const wrong of flips(data)) {
      const twin = layTableFrom(saved, scheme)
      const first = await twin.begin()
      const before = twin.objects()
      const status = await twin.authenticateIssuer(wrong)
      expect(status).toBe(twin.authenticatesByCommand ? '6300' : '9000')
      const second = await twin.end()
      expect(twin.verifies(second)).toBe(true)
      expect(twin.cvr(second).flags).toContain('issuerAuthenticationFailed')
      const changed = difference(before, twin.objects())
      expect(changed['app/0/state/issuerAuthenticationFailed']).toEqual(['00', '01'])
      // Not reset: the issuer was not there.
      for (const name of COUNTED) expect(changed[`app/0/state/${name}`]).toBeUndefined()
      expect(twin.cvr(first).values['scriptCounter']).toBe(twin.cvr(await twin.begin()).values['scriptCounter'])
    }
    const right = layTableFrom(saved, scheme)
    await right.begin()
    expect(await right.authenticateIssuer(data)).toBe('9000')
    expect((await right.end()).kind).toBe('TC')
    expect(right.objects()['app/0/state/issuerAuthenticationFailed']).toBe('00')
    expect(right.objects()['app/0/state/scriptCounter']).toBe('00')
  })
})
