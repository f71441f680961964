/** The card of the tables in debit-credit.ts as its bureau and its issuer know it: a profile, and the issuer's keys. */
import { fromHex } from '../../packages/apdu/src/index.js'
import { createKey, type KeySet, SCHEMES, type SchemeName } from '../../packages/keys/src/index.js'

export const PIN = '1234'
export const CARD = { pan: '6222020000000018', panSequence: '01' }
const DKI = 1
/** Demonstration keys: known to everybody. */
const MASTER = {
  ac: '0123456789ABCDEFFEDCBA9876543210',
  mac: '2315208C9110AD40FEDCBA9876543210',
  enc: '1122334455667788990011223344556E',
}
const AID: Readonly<Record<string, string>> = {
  unionpay: 'A000000333010101',
  visa: 'A0000000031010',
  mastercard: 'A0000000041010',
  interac: 'A0000002771010',
  ccd: 'F04344430001',
}

/** What an application may be given beside the usual. */
export type Application = Readonly<Record<string, unknown>>

/** A card of one application, as JSON. */
export function profile(scheme: SchemeName, application: Application = {}, card: Application = {}) {
  return {
    protocol: 'T=1',
    ...card,
    applications: [
      {
        aid: AID[SCHEMES[scheme].family],
        label: 'TEST',
        scheme,
        dki: DKI,
        ...CARD,
        expiry: '20301231',
        pin: PIN,
        keys: { master: MASTER },
        limits: {
          '9F14': '05',
          '9F23': '0A',
          '9F53': '09',
          '9F54': '000000900000',
          '9F58': '05',
          '9F59': '0A',
          '9F5C': '000000950000',
          '9F72': '09',
          '9F73': '01000000',
          '9F75': '000000900000',
        },
        ...application,
      },
    ],
  }
}

/** The issuer's keys for these cards. */
export function keySet(scheme: SchemeName): Required<KeySet> {
  const { algorithm } = SCHEMES[scheme]
  return {
    dki: DKI,
    algorithm,
    ac: createKey(algorithm, 'issuer', 'AC', fromHex(MASTER.ac)),
    mac: createKey(algorithm, 'issuer', 'MAC', fromHex(MASTER.mac)),
    enc: createKey(algorithm, 'issuer', 'ENC', fromHex(MASTER.enc)),
  }
}
