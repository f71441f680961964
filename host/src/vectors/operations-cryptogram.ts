/** Vector operations of application cryptograms and their answer. */
import { toHex } from '@issuerkit/apdu'
import {
  type CryptogramSessionMethod,
  createKey,
  deriveCryptogramKey,
  generateApplicationCryptogram,
  generateArpc,
  generateCryptogram,
  type PaddingMethod,
  SCHEMES,
  scheme,
} from '@issuerkit/keys'
import { type CaseInputs, hex, oneOf, tagMap, text } from './fields.js'
import type { Operation } from './operations.js'
import {
  algorithmOf,
  card,
  OPTION,
  PADDING,
  SESSION_FIELDS,
  SESSION_METHODS,
  sessionValues,
  TEST_KEY,
} from './operations-keys.js'

/** From a session key, from an issuer master key by method, or by scheme and tags. */
function cryptogram(inputs: CaseInputs): Uint8Array {
  if (inputs.has('scheme')) {
    const name = inputs.text('scheme')
    const imk = createKey(scheme(name).algorithm, 'issuer', 'AC', inputs.bytes('imk'), TEST_KEY)
    return generateApplicationCryptogram({ scheme: name, imk, card: card(inputs), tags: inputs.tags('tags') })
      .cryptogram
  }
  const padding = inputs.has('padding') ? (inputs.number('padding') as PaddingMethod) : undefined
  if (inputs.has('sessionKey')) {
    const key = createKey('tdes', 'session', 'AC', inputs.bytes('sessionKey'), TEST_KEY)
    return generateCryptogram(key, inputs.bytes('data'), padding)
  }
  const method = inputs.text('method')
  const imk = createKey(algorithmOf(method), 'issuer', 'AC', inputs.bytes('imk'), TEST_KEY)
  const option = inputs.has('option') ? { option: inputs.text('option') as 'A' | 'B' | 'C' } : {}
  const source = { imk, card: card(inputs) }
  const key = deriveCryptogramKey(source, method as CryptogramSessionMethod, sessionValues(inputs), option)
  return generateCryptogram(key, inputs.bytes('data'), padding)
}

const applicationCryptogram: Operation = {
  inputs: {
    sessionKey: hex,
    data: hex,
    padding: PADDING,
    imk: hex,
    option: OPTION,
    pan: text,
    panSequence: text,
    method: oneOf('none', ...SESSION_METHODS),
    ...SESSION_FIELDS,
    scheme: oneOf(...Object.keys(SCHEMES)),
    tags: tagMap('CVR', 'COUNTERS'),
  },
  outputs: { cryptogram: hex },
  run: (inputs) => ({ cryptogram: toHex(cryptogram(inputs)) }),
}

const arpc: Operation = {
  inputs: {
    method: oneOf(1, 2),
    sessionKey: hex,
    arqc: hex,
    arc: hex,
    csu: hex,
    proprietaryAuthenticationData: hex,
  },
  outputs: { arpc: hex },
  run(inputs) {
    const key = createKey('tdes', 'session', 'AC', inputs.bytes('sessionKey'), TEST_KEY)
    const arqc = inputs.bytes('arqc')
    if (inputs.number('method') === 1) return { arpc: toHex(generateArpc(key, arqc, { arc: inputs.bytes('arc') })) }
    const proprietary = inputs.has('proprietaryAuthenticationData')
      ? { proprietaryAuthenticationData: inputs.bytes('proprietaryAuthenticationData') }
      : {}
    return { arpc: toHex(generateArpc(key, arqc, { csu: inputs.bytes('csu'), ...proprietary })) }
  },
}

/** The operations of cryptograms, by the name they have in vector files. */
export const CRYPTOGRAM_OPERATIONS: Readonly<Record<string, Operation>> = {
  'application-cryptogram': applicationCryptogram,
  arpc,
}
