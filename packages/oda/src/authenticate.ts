/**
 * Offline data authentication from single tags: runs the chain of a method, stage by stage, up to the first that does
 * not hold, and gives a verdict with a line for each.
 */
import type { RsaPublicKey } from '@issuerkit/keys'
import { type CaKey, caKeyFields } from './ca-key.js'
import { verifyCombinedData } from './combined-data.js'
import { expectDate } from './dates.js'
import { ddolFault, verifyDynamicData } from './dynamic-data.js'
import { verifyIccCertificate, verifyPinCertificate } from './icc-certificate.js'
import { verifyIssuerCertificate } from './issuer-certificate.js'
import { METHODS, type OdaMethod } from './methods.js'
import { panDigits } from './pan.js'
import { namesAipOnly, type StaticData } from './records.js'
import type { RevocationList } from './revocation.js'
import { fail, pass, type StageName, type StageResult } from './stage.js'
import { verifyStaticData } from './static-data.js'
import { type NamedResult, type OdaVerdict, verdict } from './verdict.js'

/** What card and terminal exchanged, for the methods that sign it. Which of it is needed depends on the method. */
export interface DynamicInput {
  /** DDA and fDDA: the data that the card signed with its own, as sent. */
  readonly terminalData?: Uint8Array | undefined
  /** DDA and fDDA: the signature itself (9F4B), without template. */
  readonly signedDynamicApplicationData?: Uint8Array | undefined
  /** CDA: tag 9F37 as sent in this GENERATE AC. */
  readonly unpredictableNumber?: Uint8Array | undefined
  /** CDA: the value of tag 83 as sent in GET PROCESSING OPTIONS. Absent for a card without PDOL. */
  readonly pdolData?: Uint8Array | undefined
  /** CDA: the data of the first GENERATE AC, as sent. */
  readonly cdol1Data?: Uint8Array | undefined
  /** CDA: the data of the second GENERATE AC, as sent, when its answer is checked. */
  readonly cdol2Data?: Uint8Array | undefined
  /** CDA: the answer as received, one template 77, with or without the status 9000. */
  readonly response?: Uint8Array | undefined
}

/** The inputs of {@link authenticate}. */
export interface OdaInput {
  readonly method: OdaMethod
  readonly caKey: CaKey
  /** The card's data objects by upper-case tag: 5A, 90, 92, 9F32, 93, 9F46 to 9F4A, 9F2D to 9F2F as the method needs. */
  readonly tags: ReadonlyMap<string, Uint8Array>
  /** The static data to be authenticated, AIP included where 9F4A names it. Absent: not all of it is known. */
  readonly staticData?: Uint8Array | undefined
  /** YYYYMMDD. Without it no certificate can be judged valid. */
  readonly transactionDate?: string | undefined
  readonly dynamic?: DynamicInput | undefined
  readonly revoked?: RevocationList | undefined
}

/**
 * The verdict on a card's data by one method, from single tags and the static data.
 *
 * Whatever the card's data holds, the answer is a verdict. Only a caller's mistake throws.
 * @throws ERR_DATE when the transaction date is not YYYYMMDD
 * @see [EMV-B2] 5 (SDA), 6 (DDA, CDA), 7.1 (PIN encipherment key); [EMV-B3] 10.3
 */
export function authenticate(input: OdaInput): OdaVerdict {
  return runChain({ ...input, caKey: pass(input.caKey, caKeyFields(input.caKey)), staticData: givenStaticData(input) })
}

/** The static data as given, where the card's tag list allows it. */
export function givenStaticData({ tags, staticData }: Pick<OdaInput, 'tags' | 'staticData'>): StaticData {
  const tagList = tags.get('9F4A')
  if (tagList !== undefined && !namesAipOnly(tagList)) return { ok: false, reason: 'STATIC_DATA_TAG_LIST' }
  return staticData === undefined ? { ok: false, reason: 'STATIC_DATA_MISSING' } : { ok: true, bytes: staticData }
}

/** The inputs of a chain whose CA key and static data may be wanting, with the reason. */
export interface ChainInput extends Omit<OdaInput, 'caKey' | 'staticData'> {
  readonly caKey: StageResult<CaKey>
  readonly staticData: StaticData
}

/** Runs the stages of a method up to the first that does not hold. */
export function runChain(input: ChainInput): OdaVerdict {
  const { method, tags, transactionDate } = input
  if (transactionDate !== undefined) expectDate(transactionDate, 'transaction date')
  const stages: NamedResult[] = []
  const run = <T>(stage: StageName, result: StageResult<T>): StageResult<T> => {
    stages.push({ stage, result })
    return result
  }
  const caKey = run('ca-key', input.caKey)
  const noIndex = !caKey.ok && caKey.reason === 'CA_KEY_INDEX_MISSING'
  const dataMissing = noIndex || METHODS[method].mandatory.some((tag) => !tags.has(tag))
  const end = (): OdaVerdict => verdict(method, stages, dataMissing)

  if (!caKey.ok) return end()
  const issuer = run('issuer-certificate', issuerStage(input, caKey.value))
  if (!issuer.ok) return end()
  const { issuerKey, pan } = issuer.value
  if (method === 'sda') {
    run('static-data', staticStage(input, issuerKey))
    return end()
  }
  if (method === 'pin-key') {
    run('pin-certificate', pinStage(input, issuerKey, pan))
    return end()
  }
  const iccKey = run('icc-certificate', iccStage(input, issuerKey, pan))
  if (!iccKey.ok || method === 'icc-key') return end()
  run('dynamic-data', method === 'cda' ? combinedStage(input, iccKey.value) : dynamicStage(input, method, iccKey.value))
  return end()
}

function issuerStage(
  { tags, transactionDate, revoked }: ChainInput,
  caKey: CaKey,
): StageResult<{ issuerKey: RsaPublicKey; pan: string }> {
  const certificate = tags.get('90')
  if (certificate === undefined) return fail('ISSUER_CERT_MISSING')
  const exponent = tags.get('9F32')
  if (exponent === undefined) return fail('ISSUER_EXPONENT_MISSING')
  const applicationPan = tags.get('5A')
  if (applicationPan === undefined) return fail('PAN_MISSING')
  const pan = panDigits(applicationPan)
  if (pan === undefined) return fail('PAN_MALFORMED')
  const remainder = tags.get('92')
  const input = { caKey, certificate, remainder, exponent, pan, transactionDate, revoked }
  const result = verifyIssuerCertificate(input)
  return result.ok ? pass({ issuerKey: result.value, pan }, result.recovered) : result
}

function staticStage({ tags, staticData }: ChainInput, issuerKey: RsaPublicKey): StageResult<unknown> {
  const signature = tags.get('93')
  return signature === undefined ? fail('SSAD_MISSING') : verifyStaticData({ issuerKey, signature, staticData })
}

function iccStage(input: ChainInput, signer: RsaPublicKey, pan: string): StageResult<RsaPublicKey> {
  const { tags, transactionDate, staticData } = input
  const certificate = tags.get('9F46')
  if (certificate === undefined) return fail('ICC_CERT_MISSING')
  const exponent = tags.get('9F47')
  if (exponent === undefined) return fail('ICC_EXPONENT_MISSING')
  const remainder = tags.get('9F48')
  return verifyIccCertificate({ signer, certificate, remainder, exponent, pan, transactionDate, staticData })
}

function pinStage({ tags, transactionDate }: ChainInput, signer: RsaPublicKey, pan: string): StageResult<RsaPublicKey> {
  const certificate = tags.get('9F2D')
  if (certificate === undefined) return fail('PIN_CERT_MISSING')
  const exponent = tags.get('9F2E')
  if (exponent === undefined) return fail('PIN_EXPONENT_MISSING')
  const remainder = tags.get('9F2F')
  return verifyPinCertificate({ signer, certificate, remainder, exponent, pan, transactionDate })
}

function dynamicStage(input: ChainInput, method: 'dda' | 'fdda', iccKey: RsaPublicKey): StageResult<unknown> {
  // The DDOL governs INTERNAL AUTHENTICATE; fDDA is answered in GET PROCESSING OPTIONS and has terminal data of its own.
  const fault = method === 'dda' ? ddolFault(input.tags.get('9F49')) : undefined
  if (fault !== undefined) return fail(fault)
  const { signedDynamicApplicationData: signature, terminalData } = input.dynamic ?? {}
  if (signature === undefined) return fail('SDAD_MISSING')
  if (terminalData === undefined) return fail('TERMINAL_DATA_MISSING')
  return verifyDynamicData({ iccKey, signature, terminalData, format: method === 'dda' ? 'emv' : 'fdda' })
}

function combinedStage({ dynamic = {} }: ChainInput, iccKey: RsaPublicKey): StageResult<unknown> {
  const { response, unpredictableNumber, pdolData, cdol1Data, cdol2Data } = dynamic
  if (response === undefined) return fail('SDAD_MISSING')
  if (unpredictableNumber === undefined || cdol1Data === undefined) return fail('TERMINAL_DATA_MISSING')
  return verifyCombinedData({ iccKey, unpredictableNumber, pdolData, cdol1Data, cdol2Data, response })
}
