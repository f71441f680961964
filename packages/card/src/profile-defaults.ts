/** What a profile leaves to its scheme: data object lists, application interchange profile, CVM list. */
import { SCHEMES, type SchemeName } from '@issuerkit/keys'
import { flag, object, optional } from './profile-fields.js'

/** The data object lists of an application, in hexadecimal. */
export interface DataObjectLists {
  readonly pdol: string
  readonly cdol1: string
  readonly cdol2: string
  readonly ddol: string
}

/** Amounts, country, TVR, currency, date, type, unpredictable number: what every cryptogram covers. [EMV-B2] 8.1.1 */
const TRANSACTION = '9F02069F03069F1A0295055F2A029A039C019F3704'

/**
 * The lists where the profile has none. UnionPay's are those of a card in the field. [PBOC] 5
 *
 * Visa and UnionPay cards authenticate the issuer by EXTERNAL AUTHENTICATE; the others take tag 91 with the second
 * GENERATE AC: 10 bytes with an ARC (ARPC method 1), 8 with a card status update (method 2). [EMV-B2] 8.2
 */
export function dataObjectLists(name: SchemeName): DataObjectLists {
  const { arpc } = SCHEMES[name]
  const time = '9F2103'
  const issuer = authenticatesByCommand(name) ? '' : arpc.method === 1 ? '910A' : '9108'
  return {
    pdol: SCHEMES[name].family === 'unionpay' ? '9F7A019F02065F2A02' : '',
    cdol1: `${TRANSACTION}${time}9F4E14`,
    cdol2: `${issuer}8A02${TRANSACTION}${time}`,
    ddol: '9F3704',
  }
}

/** Whether issuer authentication is a command of its own. [EMV-B3] 10.9, 6.5.4 */
export function authenticatesByCommand(name: SchemeName): boolean {
  const { family } = SCHEMES[name]
  return family === 'visa' || family === 'unionpay'
}

/** The bits of the application interchange profile, byte 1. [EMV-B3] Annex C1 */
const AIP_BITS = {
  sda: 0x40,
  dda: 0x20,
  cardholderVerification: 0x10,
  terminalRiskManagement: 0x08,
  issuerAuthentication: 0x04,
  cda: 0x01,
} as const

const CAPABILITIES = object({
  sda: optional(flag),
  dda: optional(flag),
  cda: optional(flag),
  cardholderVerification: optional(flag, true),
  terminalRiskManagement: optional(flag, true),
  issuerAuthentication: optional(flag),
})

/** AIP bits that promise offline data authentication. */
export const OFFLINE_AUTHENTICATION = AIP_BITS.sda | AIP_BITS.dda | AIP_BITS.cda

/** The application interchange profile of capabilities, those left out by what the card has. */
export function interchangeProfile(value: unknown, path: string, scheme: SchemeName, certified: boolean): string {
  const given = CAPABILITIES(value, path)
  const usual = { sda: certified, dda: certified, cda: certified, issuerAuthentication: authenticatesByCommand(scheme) }
  const bits = Object.entries({ ...usual, ...withoutUndefined(given) }).reduce(
    (sum, [name, set]) => (set ? sum | AIP_BITS[name as keyof typeof AIP_BITS] : sum),
    0,
  )
  return `${bits.toString(16).toUpperCase().padStart(2, '0')}00`
}

function withoutUndefined(given: Readonly<Record<string, boolean | undefined>>): Record<string, boolean> {
  return Object.fromEntries(Object.entries(given).filter((entry): entry is [string, boolean] => entry[1] !== undefined))
}

/** How many bytes of tag 9F10 are the issuer's own, at most. [EMV-B3] Annex A (32 in all), [VIS], [MCHIP], [UPI-F55] */
export function discretionaryBytes(name: SchemeName): number {
  const { family, cryptogramVersion } = SCHEMES[name]
  // [VIS]: the format is the high nibble of the cryptogram version; format 2 has a longer CVR.
  if (family === 'visa') return cryptogramVersion >> 4 === 2 ? 24 : 25
  return { unionpay: 24, mastercard: 2, ccd: 15, interac: 19 }[family]
}

/**
 * No amounts; offline PIN (enciphered where the card has a key for it, then plain), online PIN, signature, no CVM; each
 * gives way to the next. [EMV-B3] 10.5, Annex C3
 */
export function cvmList(enciphered: boolean): string {
  return `0000000000000000${enciphered ? '4403' : ''}410342035E031F03`
}
