/** INTERNAL AUTHENTICATE: the card signs what the terminal sends, for DDA. */
import { type Command, dolLength, encodeTlv, fromHex, parseDol } from '@issuerkit/apdu'
import { iccDynamicData, signDynamicData } from '@issuerkit/oda'
import { rsaKey } from './card-json.js'
import type { ApplicationConfig, ApplicationContext } from './debit-credit-model.js'
import type { CardAnswer } from './virtual-card.js'

/** AIP byte 1 bit 6. [EMV-B3] C1 */
const DDA_SUPPORTED = 0x20
/** [EMV-B2] 6.5.1: a card without a DDOL is sent the terminal's own, which holds tag 9F37 alone. */
const DEFAULT_DDOL_DATA = 4
/** [EMV-B2] 6.5.2: 2 to 8 bytes that vary. Random ones tell nothing, and do not repeat within a transaction. */
const DYNAMIC_NUMBER = 8

/**
 * INTERNAL AUTHENTICATE. Format 1: 80 LL signed dynamic application data, as long as the ICC's modulus. It may be asked
 * again in a transaction: nothing forbids it, and each answer is another one.
 *
 * 6985 when the AIP does not say DDA, or the card has no key for it; 6A86 for P1 P2 other than 0000; 6700 for data that
 * are not as long as the DDOL.
 * @see [EMV-B3] 6.5.9, [EMV-B2] 6.5.2
 */
export function internalAuthenticate(context: ApplicationContext, { p1, p2, data }: Command): CardAnswer {
  const { memory, config, transaction, random } = context
  const key = rsaKey(memory, 'rsa/icc')
  if (key === undefined) return { status: '6985' }
  try {
    if (((fromHex(config.aip)[0] as number) & DDA_SUPPORTED) === 0) return { status: '6985' }
    if (p1 !== 0 || p2 !== 0) return { status: '6A86' }
    const terminalData = data ?? new Uint8Array(0)
    if (terminalData.length !== ddolData(config)) return { status: '6700' }
    const dynamicData = iccDynamicData(random(DYNAMIC_NUMBER))
    const signature = signDynamicData(key, { dynamicData, terminalData })
    transaction.dynamicAuthentication = true
    return { status: '9000', data: encodeTlv('80', signature) }
  } finally {
    key.destroy()
  }
}

function ddolData({ ddol }: ApplicationConfig): number {
  return ddol === '' ? DEFAULT_DDOL_DATA : dolLength(parseDol(fromHex(ddol)))
}
