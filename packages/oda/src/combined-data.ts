/**
 * Combined DDA and application cryptogram generation (CDA): the signature in the answer to GENERATE AC.
 *
 * ```
 * ICC dynamic data = length ‖ ICC dynamic number ‖ CID ‖ cryptogram (8) ‖ transaction data hash code (20)
 * hash code = SHA-1( PDOL data ‖ CDOL1 data ‖ CDOL2 data ‖ answer without 9F4B )
 * ```
 * PDOL and CDOL data are the bytes as sent; the answer's data objects are the bytes as received, in their order. Nothing
 * is rebuilt: a card may encode a length in a way of its own and signs it so. CDOL2 data is there for the second
 * GENERATE AC only.
 * @see [EMV-B2] 6.6
 */
import { parseTlv, type Tlv, toHex } from '@issuerkit/apdu'
import type { RsaPublicKey } from '@issuerkit/keys'
import { dynamicNumber, openDynamicData } from './dynamic-data.js'
import { hashMatches, isPadding } from './signed-block.js'
import { attempt, fail, pass, type StageResult } from './stage.js'

/** The exchange that the card signed. */
export interface CombinedDataInput {
  readonly iccKey: RsaPublicKey
  /** The terminal's unpredictable number (9F37) of this GENERATE AC. */
  readonly unpredictableNumber: Uint8Array
  /** The value of tag 83 as sent in GET PROCESSING OPTIONS; empty for a card without PDOL. */
  readonly pdolData?: Uint8Array | undefined
  /** The data of the first GENERATE AC, as sent. */
  readonly cdol1Data: Uint8Array
  /** The data of the second GENERATE AC, as sent, when its answer is checked. */
  readonly cdol2Data?: Uint8Array | undefined
  /** The answer as received: one template 77, with or without the status 9000. */
  readonly response: Uint8Array
}

/** What the signature says about the transaction. */
export interface CombinedData {
  /** 2 to 8 bytes, tag 9F4C. */
  readonly iccDynamicNumber: Uint8Array
  /** Cryptogram information data, 1 byte, tag 9F27. */
  readonly cid: Uint8Array
  /** 8 bytes, tag 9F26. */
  readonly applicationCryptogram: Uint8Array
  /** 20 bytes. */
  readonly transactionDataHashCode: Uint8Array
}

const NONE = new Uint8Array(0)

/**
 * The application cryptogram with CID and ICC dynamic number, once the card's signature over the transaction holds.
 *
 * Recovers iccDynamicNumber, cid, applicationCryptogram, transactionDataHashCode.
 * @see [EMV-B2] 6.6.2 steps 1 to 12
 */
export function verifyCombinedData(input: CombinedDataInput): StageResult<CombinedData> {
  const objects = dataObjects(input.response)
  if (objects === undefined) return fail('CDA_RESPONSE')
  const cid = objects.find(({ tag }) => tag === '9F27')?.value
  if (cid?.length !== 1) return fail('CDA_CID_MISSING')
  const signature = objects.find(({ tag }) => tag === '9F4B')?.value
  if (signature === undefined) {
    // An AAC (bits 8 and 7 zero) is given without signature: the card declines, nothing has failed.
    return fail(((cid[0] as number) & 0xc0) === 0 ? 'CDA_NOT_SIGNED' : 'SDAD_MISSING')
  }

  const opened = openDynamicData(input.iccKey, signature, 'emv')
  if (!opened.ok) return opened
  const { fields, hashed, dynamicData, padding } = opened.value
  const signed = splitDynamicData(dynamicData)
  if (signed === undefined) return fail('CDA_DYNAMIC_DATA')
  if (signed.cid[0] !== cid[0]) return fail('CDA_CID', { ...signed })
  if (!hashMatches(fields.hash, hashed, input.unpredictableNumber)) return fail('SDAD_HASH', { ...signed })
  if (!isPadding(padding)) return fail('SDAD_PADDING', { ...signed })

  const answer = objects.filter(({ tag }) => tag !== '9F4B').map(({ bytes }) => bytes)
  const sent = [input.pdolData ?? NONE, input.cdol1Data, input.cdol2Data ?? NONE]
  if (!hashMatches(signed.transactionDataHashCode, ...sent, ...answer)) {
    return fail('CDA_TRANSACTION_DATA_HASH', { ...signed })
  }
  return pass(signed, { ...signed })
}

type DataObject = Pick<Tlv, 'tag' | 'value' | 'bytes'>

/** The data objects of the answer, of which none may stand twice. */
function dataObjects(response: Uint8Array): readonly DataObject[] | undefined {
  const list = attempt(() => parseTlv(response, { nonMinimalLengths: true }))
  if (list === undefined || list.length > 2) return undefined
  // Read as a data object, the status 9000 is an empty certificate.
  const [template, status] = list
  if (template === undefined) return undefined
  if (status !== undefined && toHex(status.bytes) !== '9000') return undefined
  // [EMV-B3] 6.5.5.4: format 1 begins with the CID and has no place for a signature.
  if (template.tag === '80') return [{ tag: '9F27', value: template.value.subarray(0, 1), bytes: template.bytes }]
  if (template.tag !== '77') return undefined
  const objects = template.children as readonly Tlv[]
  return new Set(objects.map(({ tag }) => tag)).size === objects.length ? objects : undefined
}

/** [EMV-B2] 6.6.1 table 19. */
function splitDynamicData(dynamicData: Uint8Array): CombinedData | undefined {
  const iccDynamicNumber = dynamicNumber(dynamicData)
  if (iccDynamicNumber === undefined) return undefined
  const rest = dynamicData.slice(1 + iccDynamicNumber.length)
  if (rest.length !== 29) return undefined
  return {
    iccDynamicNumber,
    cid: rest.subarray(0, 1),
    applicationCryptogram: rest.subarray(1, 9),
    transactionDataHashCode: rest.subarray(9),
  }
}
