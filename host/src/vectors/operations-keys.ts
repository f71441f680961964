/** Vector operations of packages/keys: derivation, session keys, MAC, key check values. */
import { toHex } from '@issuerkit/apdu'
import {
  AesKey,
  type CreateKeyOptions,
  type CryptogramKey,
  type CryptogramSessionMethod,
  type CryptogramSessionValues,
  createKey,
  cryptogramSessionKey,
  deriveIccMasterKey,
  keyCheckValue,
  macAesCmac,
  macAlgorithm1,
  macAlgorithm3,
  type PaddingMethod,
  TdesKey,
} from '@issuerkit/keys'
import { type CaseInputs, hex, number, oneOf, text } from './fields.js'
import type { Operation } from './operations.js'

/** Vector files hold test keys; published ones have equal halves, single DES among them. */
export const TEST_KEY: CreateKeyOptions = { allowEqualHalves: true, allowSingleLength: true }

export const PADDING = oneOf(1, 2)
export const OPTION = oneOf('A', 'B', 'C')
const PARITY = oneOf('odd', 'none')
export const SESSION_METHODS = [
  'emv-common',
  'visa-xor',
  'mastercard-skd',
  'emv2000-tree',
  'pboc',
  'emv-aes',
  'pboc-sm4',
] as const

/** The card that a case names. */
export function card(inputs: CaseInputs): { pan: string; panSequence: string } {
  return { pan: inputs.text('pan'), panSequence: inputs.text('panSequence') }
}

const iccMasterKey: Operation = {
  inputs: { option: OPTION, imk: hex, pan: text, panSequence: text, parity: PARITY, keyBytes: number },
  outputs: { key: hex, kcv: hex },
  run(inputs) {
    const option = inputs.text('option') as 'A' | 'B' | 'C'
    const algorithm = option === 'C' ? 'aes' : 'tdes'
    const imk = createKey(algorithm, 'issuer', 'AC', inputs.bytes('imk'), TEST_KEY)
    const key = deriveIccMasterKey(imk, card(inputs), {
      option,
      ...(inputs.has('parity') ? { parity: inputs.text('parity') as 'odd' | 'none' } : {}),
      ...(inputs.has('keyBytes') ? { keyBytes: inputs.number('keyBytes') } : {}),
    })
    return { key: toHex(key.expose()), kcv: keyCheckValue(key, { length: algorithm === 'aes' ? 16 : 8 }) }
  },
}

/** What the session-key methods may need, each a field of its own. */
export const SESSION_FIELDS = {
  atc: hex,
  unpredictableNumber: hex,
  diversificationValue: hex,
  branch: number,
  height: number,
  iv: hex,
} as const

/** The fields of {@link SESSION_FIELDS} that a case has. */
export function sessionValues(inputs: CaseInputs): CryptogramSessionValues {
  const names = Object.keys(SESSION_FIELDS).filter((name) => inputs.has(name))
  return Object.fromEntries(
    names.map((name) => [name, name === 'branch' || name === 'height' ? inputs.number(name) : inputs.bytes(name)]),
  )
}

/** The algorithm of the keys of a session-key method. */
export function algorithmOf(method: string): 'tdes' | 'aes' | 'sm4' {
  return method === 'emv-aes' ? 'aes' : method === 'pboc-sm4' ? 'sm4' : 'tdes'
}

function sessionKey(inputs: CaseInputs): CryptogramKey {
  const method = inputs.text('method')
  const iccKey = createKey(algorithmOf(method), 'icc', 'AC', inputs.bytes('iccMasterKey'), TEST_KEY)
  return cryptogramSessionKey(iccKey, method as CryptogramSessionMethod, sessionValues(inputs))
}

const sessionKeyOperation: Operation = {
  inputs: { method: oneOf(...SESSION_METHODS), iccMasterKey: hex, ...SESSION_FIELDS },
  outputs: { key: hex },
  run: (inputs) => ({ key: toHex(sessionKey(inputs).expose()) }),
}

const mac: Operation = {
  inputs: {
    algorithm: oneOf('iso9797-1-alg1', 'iso9797-1-alg3', 'aes-cmac'),
    key: hex,
    padding: PADDING,
    data: hex,
    length: number,
  },
  outputs: { mac: hex },
  run(inputs) {
    const algorithm = inputs.text('algorithm')
    const options = {
      ...(inputs.has('padding') ? { padding: inputs.number('padding') as PaddingMethod } : {}),
      ...(inputs.has('length') ? { length: inputs.number('length') } : {}),
    }
    const [key, data] = [inputs.bytes('key'), inputs.bytes('data')]
    if (algorithm === 'aes-cmac') return { mac: toHex(macAesCmac(AesKey.create('zone', 'MAC', key), data, options)) }
    const tdes = TdesKey.create('zone', 'MAC', key, TEST_KEY)
    return {
      mac: toHex(
        algorithm === 'iso9797-1-alg1' ? macAlgorithm1(tdes, data, options) : macAlgorithm3(tdes, data, options),
      ),
    }
  },
}

const keyCheck: Operation = {
  inputs: { algorithm: oneOf('tdes', 'aes'), key: hex },
  outputs: { kcv: hex },
  run(inputs) {
    const algorithm = inputs.text('algorithm') as 'tdes' | 'aes'
    const key = createKey(algorithm, 'zone', 'DEK', inputs.bytes('key'), TEST_KEY)
    return { kcv: keyCheckValue(key, { length: algorithm === 'aes' ? 16 : 8 }) }
  },
}

/** The operations on keys, by the name they have in vector files. */
export const KEY_OPERATIONS: Readonly<Record<string, Operation>> = {
  'icc-master-key': iccMasterKey,
  'session-key': sessionKeyOperation,
  mac,
  'key-check-value': keyCheck,
}
