/** A card made by the issuing half with fixed test keys, for DDA and CDA: the judge is the checking half. */
import { fromHex } from '@issuerkit/apdu'
import { RsaPrivateKey } from '@issuerkit/keys'
import {
  answerCombined,
  type DynamicInput,
  iccDynamicData,
  issueIccCertificate,
  issueIssuerCertificate,
  type OdaInput,
  signDynamicData,
  testCaFromKey,
} from '../src/index.js'
import { DATE, RID } from './card.js'
import { CA, ISSUER, PAN, PIN, STATIC_DATA, type TestKey } from './forge.js'

const privateKey = ({ n, e, d }: TestKey): RsaPrivateKey =>
  RsaPrivateKey.create({ modulus: fromHex(n), exponent: fromHex(e), privateExponent: fromHex(d) })

// All keys have the exponent 3: the tests that change every byte need it fast.
const issuer = privateKey(ISSUER)
const icc = privateKey(PIN)
const ca = testCaFromKey(privateKey(CA), { rid: fromHex(RID), index: 3 })
const staticData = fromHex(STATIC_DATA)
const details = { expiry: '1249', serial: fromHex('0000A1') }
const signed = issueIssuerCertificate(ca.privateKey, { ...details, key: issuer.publicKey, identifier: '621483' })
const own = issueIccCertificate(issuer, { ...details, key: icc.publicKey, pan: PAN, staticData })

const iccDynamicNumber = fromHex('0102030405060708')
const unpredictableNumber = fromHex('11223344')
const terminalData = fromHex('11223344000000001000')
const pdolData = fromHex('26000000')
const cdol1Data = fromHex('0000000010000156112233440000')
const cdol2Data = fromHex('303000000000100055667788')

const dda: DynamicInput = {
  terminalData,
  signedDynamicApplicationData: signDynamicData(icc, { dynamicData: iccDynamicData(iccDynamicNumber), terminalData }),
}
const sent = { unpredictableNumber, pdolData, cdol1Data, cdol2Data }
const cda: DynamicInput = {
  ...sent,
  response: answerCombined(icc, {
    ...sent,
    iccDynamicNumber,
    applicationCryptogram: fromHex('A1A2A3A4A5A6A7A8'),
    answer: fromHex('9F2701409F360200019F100807010103A0000001'),
  }),
}

/** Good inputs of a chain of DDA or CDA (second GENERATE AC). */
export function issuedCard(method: 'dda' | 'cda'): OdaInput {
  return {
    method,
    caKey: ca.key,
    tags: new Map([
      ['5A', fromHex(PAN)],
      ['90', signed.certificate],
      ['92', signed.remainder],
      ['9F32', signed.exponent],
      ['9F46', own.certificate],
      ['9F48', own.remainder],
      ['9F47', own.exponent],
      ['9F49', fromHex('9F37049F0206')],
      ['9F4A', fromHex('82')],
    ]),
    staticData,
    transactionDate: DATE,
    dynamic: method === 'dda' ? dda : cda,
  }
}
