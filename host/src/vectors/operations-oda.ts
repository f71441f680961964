/** The vector operation of packages/oda. */
import { authenticate, createCaKey, type DynamicInput, type OdaMethod, verdictText } from '@issuerkit/oda'
import { boolean, type CaseInputs, fields, hex, oneOf, tagMap, text } from './fields.js'
import type { Operation } from './operations.js'

const DYNAMIC_FIELDS = {
  terminalData: hex,
  signedDynamicApplicationData: hex,
  unpredictableNumber: hex,
  pdolData: hex,
  cdol1Data: hex,
  cdol2Data: hex,
  response: hex,
} as const

function dynamicInput(inputs: CaseInputs): DynamicInput {
  const names = Object.keys(DYNAMIC_FIELDS).filter((name) => inputs.has(name))
  return Object.fromEntries(names.map((name) => [name, inputs.bytes(name)]))
}

const offlineDataAuthentication: Operation = {
  inputs: {
    method: oneOf('sda', 'icc-key', 'dda', 'cda', 'fdda'),
    caKey: fields({ rid: hex, index: hex, modulus: hex, exponent: hex }),
    aip: hex,
    transactionDate: text,
    tags: tagMap(),
    staticData: hex,
    dynamic: fields(DYNAMIC_FIELDS),
  },
  outputs: {
    ok: boolean,
    stage: oneOf('issuer-certificate', 'icc-certificate', 'static-data', 'dynamic-data'),
    tvr: hex,
    issuerModulus: hex,
    issuerCertificateSerial: hex,
    iccModulus: hex,
    iccCertificateSerial: hex,
    dataAuthenticationCode: hex,
    iccDynamicNumber: hex,
    applicationCryptogram: hex,
    cid: hex,
  },
  run(inputs) {
    const key = inputs.object('caKey')
    const { ok, stage, tvr, recovered } = verdictText(
      authenticate({
        method: inputs.text('method') as OdaMethod,
        caKey: createCaKey({
          rid: key.bytes('rid'),
          index: key.bytes('index')[0] ?? -1,
          modulus: key.bytes('modulus'),
          exponent: key.bytes('exponent'),
        }),
        tags: inputs.tags('tags'),
        ...(inputs.has('staticData') ? { staticData: inputs.bytes('staticData') } : {}),
        ...(inputs.has('transactionDate') ? { transactionDate: inputs.text('transactionDate') } : {}),
        ...(inputs.has('dynamic') ? { dynamic: dynamicInput(inputs.object('dynamic')) } : {}),
      }),
    )
    return { ...recovered, ok, stage, tvr }
  },
}

/** The operations on offline data authentication, by the name they have in vector files. */
export const ODA_OPERATIONS: Readonly<Record<string, Operation>> = {
  'offline-data-authentication': offlineDataAuthentication,
}
