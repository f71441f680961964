/** Vector operations of packages/scripts: PIN blocks and issuer script commands. */
import { toHex } from '@issuerkit/apdu'
import { createKey, type KeyPurpose, SCHEMES, type SecretKey, scheme, TdesKey } from '@issuerkit/keys'
import { buildScriptCommand, isoPinBlock, type ScriptCommand, type ScriptInput, visPinBlock } from '@issuerkit/scripts'
import { type CaseInputs, hex, number, oneOf, text } from './fields.js'
import type { Operation } from './operations.js'
import { card, TEST_KEY } from './operations-keys.js'

const pinBlock: Operation = {
  inputs: {
    format: oneOf('iso-0', 'iso-1', 'iso-2', 'vis'),
    pin: text,
    pan: text,
    currentPin: text,
    diversifiedKey: hex,
  },
  outputs: { block: hex },
  run(inputs) {
    const pin = inputs.text('pin')
    switch (inputs.text('format')) {
      case 'iso-0':
        return { block: toHex(isoPinBlock(0, pin, { pan: inputs.text('pan') }).expose()) }
      case 'iso-1':
        return { block: toHex(isoPinBlock(1, pin).expose()) }
      case 'iso-2':
        return { block: toHex(isoPinBlock(2, pin).expose()) }
      default: {
        const diversifiedKey = TdesKey.create('icc', 'ENC', inputs.bytes('diversifiedKey'), TEST_KEY)
        const current = inputs.has('currentPin') ? { currentPin: inputs.text('currentPin') } : {}
        return { block: toHex(visPinBlock({ newPin: pin, diversifiedKey, ...current }).d.expose()) }
      }
    }
  },
}

const COMMANDS = [
  'application-block',
  'application-unblock',
  'card-block',
  'pin-unblock',
  'pin-change',
  'pin-change-with-current',
  'put-data',
  'update-record',
] as const

function scriptInput(inputs: CaseInputs): ScriptInput {
  const name = inputs.text('scheme')
  const { algorithm } = scheme(name)
  const key = <P extends KeyPurpose>(purpose: P, field: string): SecretKey<'issuer', P> =>
    createKey(algorithm, 'issuer', purpose, inputs.bytes(field), TEST_KEY)
  return {
    scheme: name,
    keys: { ac: key('AC', 'imkAc'), mac: key('MAC', 'imkMac'), enc: key('ENC', 'imkEnc') },
    card: card(inputs),
    arqc: inputs.bytes('arqc'),
    ...(inputs.has('macLength') ? { macLength: inputs.number('macLength') } : {}),
    ...(inputs.has('atc') ? { atc: inputs.bytes('atc') } : {}),
    ...(inputs.has('pinBlockKey') ? { pinBlockKey: inputs.text('pinBlockKey') as 'ac' | 'enc' } : {}),
  }
}

function scriptCommand(inputs: CaseInputs): ScriptCommand {
  const type = inputs.text('command') as (typeof COMMANDS)[number]
  switch (type) {
    case 'pin-change':
      return { type, newPin: inputs.text('newPin') }
    case 'pin-change-with-current':
      return { type, newPin: inputs.text('newPin'), currentPin: inputs.text('currentPin') }
    case 'put-data':
      return { type, tag: inputs.text('tag'), value: inputs.bytes('value') }
    case 'update-record':
      return { type, sfi: inputs.number('sfi'), record: inputs.number('record'), value: inputs.bytes('value') }
    default:
      return { type }
  }
}

const command: Operation = {
  inputs: {
    scheme: oneOf(...Object.keys(SCHEMES)),
    command: oneOf(...COMMANDS),
    imkAc: hex,
    imkMac: hex,
    imkEnc: hex,
    pan: text,
    panSequence: text,
    atc: hex,
    arqc: hex,
    macLength: number,
    newPin: text,
    currentPin: text,
    pinBlockKey: oneOf('ac', 'enc'),
    tag: hex,
    sfi: number,
    record: number,
    value: hex,
  },
  outputs: { apdu: hex },
  run: (inputs) => ({ apdu: toHex(buildScriptCommand(scriptInput(inputs), scriptCommand(inputs)).apdu) }),
}

/** The operations on scripts, by the name they have in vector files. */
export const SCRIPT_OPERATIONS: Readonly<Record<string, Operation>> = {
  'pin-block': pinBlock,
  'script-command': command,
}
