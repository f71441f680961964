/** What a card and a terminal send: field 55 of requests and notifications, with cryptograms under made-up keys. */
import { createCipheriv } from 'node:crypto'
import { fromHex, toHex } from '@issuerkit/apdu'
import { generateApplicationCryptogram, TdesKey, tagsFromText } from '@issuerkit/keys'
import type { Database } from '../../../src/database.js'
import { storeIssuerKey, storeKey } from '../../../src/keys/stored-keys.js'
import type { MasterKey } from '../../../src/wrap.js'

export const ISSUER = 'faults'
/** The id of the key that PIN blocks come in under. */
export const PIN_KEY = 'faults-PIN'
export const AID = 'A000000333010101'

const KEYS = {
  AC: '0123456789ABCDEFFEDCBA9876543210',
  MAC: '404142434445464748494A4B4C4D4E4F',
  ENC: '505152535455565758595A5B5C5D5E5F',
} as const
const PIN_ZONE_KEY = '2A3B4C5D6E7F80919AABBCCDDEEFF102'

/** Puts the issuer and its keys into the database. `answerTimeoutSeconds` is how long a delivery counts as in flight. */
export async function loadIssuer(
  database: Database,
  masterKey: MasterKey,
  delivery: { readonly answerTimeoutSeconds?: number; readonly maxAttempts?: number } = {},
): Promise<void> {
  const profile = { family: 'unionpay', scheme: 'pboc', delivery }
  await database
    .insertInto('issuer')
    .values({ id: ISSUER, profile: JSON.stringify(profile) })
    .execute()
  for (const usage of ['AC', 'MAC', 'ENC'] as const) {
    const key = TdesKey.create('issuer', usage, fromHex(KEYS[usage]))
    await storeIssuerKey(database, masterKey, { id: `${ISSUER}-${usage}`, issuer: ISSUER, dki: 1, key })
  }
  const key = TdesKey.create('zone', 'PIN', fromHex(PIN_ZONE_KEY))
  await storeKey(database, masterKey, { id: PIN_KEY, issuer: ISSUER }, key)
}

/** What a card shows in a request: its counter of script commands, and whether its last online transaction broke off. */
export interface Shown {
  readonly atc: number
  readonly counter?: number
  readonly notCompleted?: boolean
}

const imk = TdesKey.create('issuer', 'AC', fromHex(KEYS.AC))

/** Field 55 of an authorization request. */
export function request55(pan: string, { atc, counter = 0, notCompleted = false }: Shown): string {
  const cvr = `03A0${notCompleted ? '80' : '00'}${counter.toString(16).toUpperCase()}0`
  return field55(pan, atc, { '9F27': '80', '9F10': `070101${cvr}01` })
}

/** Field 55 of a script-result notification: the TC of the same transaction, and the terminal's word. */
export function notification55(pan: string, atc: number, result: string): string {
  return field55(pan, atc, { '9F27': '40', '9F10': '0701010360000001', DF31: result })
}

const TRANSACTION = {
  ...{ '9F37': 'A1B2C3D4', '95': '0000048000', '9A': '261121', '9C': '00', '9F02': '000000010000' },
  ...{ '5F2A': '0156', '82': '7C00', '9F1A': '0156', '9F03': '000000000000', '9F33': 'E0F1C8', '84': AID },
} as const

function field55(pan: string, atc: number, own: Readonly<Record<string, string>>): string {
  const values = { ...own, '9F36': atc.toString(16).toUpperCase().padStart(4, '0'), ...TRANSACTION }
  const card = { pan, panSequence: '01' }
  const { tags } = tagsFromText(values)
  const { cryptogram } = generateApplicationCryptogram({ scheme: 'pboc', imk, card, tags })
  return Object.entries({ '9F26': toHex(cryptogram), ...values })
    .map(([tag, value]) => `${tag}${(value.length / 2).toString(16).padStart(2, '0')}${value}`)
    .join('')
    .toUpperCase()
}

/** A PIN block of format 0 under the PIN key. */
export function pinBlock(pan: string, pin: string): string {
  const digits = `0${pin.length}${pin}`.padEnd(16, 'F')
  const account = `0000${pan.slice(-13, -1)}`
  const block = Buffer.from(digits, 'hex').map((byte, i) => byte ^ (Buffer.from(account, 'hex')[i] ?? 0))
  const cipher = createCipheriv('des-ede-ecb', Buffer.from(PIN_ZONE_KEY, 'hex'), null).setAutoPadding(false)
  return Buffer.concat([cipher.update(block), cipher.final()])
    .toString('hex')
    .toUpperCase()
}
