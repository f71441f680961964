/** From the inputs of the vector operation `script-command` to the public functions. */
import { fromHex } from '@issuerkit/apdu'
import { createKey, type KeyPurpose, type SecretKey, scheme } from '@issuerkit/keys'
import type { ScriptCommand, ScriptInput } from '../../src/index.js'
import type { ReferenceInputs } from './reference.js'

const PUBLISHED = { allowEqualHalves: true }

export function scriptInput(inputs: ReferenceInputs): ScriptInput {
  const { algorithm } = scheme(inputs.scheme)
  const key = <P extends KeyPurpose>(purpose: P, hex: string): SecretKey<'issuer', P> =>
    createKey(algorithm, 'issuer', purpose, fromHex(hex), PUBLISHED)
  return {
    scheme: inputs.scheme,
    keys: { ac: key('AC', inputs.imkAc), mac: key('MAC', inputs.imkMac), enc: key('ENC', inputs.imkEnc) },
    card: { pan: inputs.pan, panSequence: inputs.panSequence },
    arqc: fromHex(inputs.arqc),
    macLength: inputs.macLength,
    ...(inputs.atc === undefined ? {} : { atc: fromHex(inputs.atc) }),
    ...(inputs.pinBlockKey === undefined ? {} : { pinBlockKey: inputs.pinBlockKey as 'ac' | 'enc' }),
    ...(inputs.chained === undefined ? {} : { chainedCommand: inputs.chained }),
    ...(inputs.parity === undefined ? {} : { parity: inputs.parity as 'odd' | 'none' }),
  }
}

export function scriptCommand(inputs: ReferenceInputs): ScriptCommand {
  const { command, newPin = '', currentPin = '', tag = '', sfi = 0, record = 0, value = '' } = inputs
  switch (command) {
    case 'pin-change':
      return { type: command, newPin }
    case 'pin-change-with-current':
      return { type: command, newPin, currentPin }
    case 'put-data':
      return { type: command, tag, value: fromHex(value) }
    case 'update-record':
      return { type: command, sfi, record, value: fromHex(value) }
    default:
      return { type: command as 'card-block' }
  }
}
