/** Vector operations of the e-purse, as the host and the terminal compute: keys, MACs, TACs, whole transactions. */
import { toHex } from '@issuerkit/apdu'
import { TdesKey } from '@issuerkit/keys'
import {
  completeCommand,
  createPurseKey,
  diversifyPurseKey,
  encipherPurseData,
  type InitializedTransaction,
  onlineSessionKey,
  type PurseName,
  type PurseTransactionKind,
  parseInitialized,
  pinUnblockCommand,
  purchaseSessionKey,
  purseCommandMac,
  purseMac,
  purseTac,
  reloadPinCommand,
  transactionSessionKey,
  verifyCompletion,
  verifyMac1,
} from '@issuerkit/terminal'
import { boolean, type CaseInputs, type FieldRule, hex, number, oneOf, text } from './fields.js'
import { fail } from './format.js'
import type { Operation } from './operations.js'
import { TEST_KEY } from './operations-keys.js'

const listOfHex: FieldRule = (value, label) => {
  if (!Array.isArray(value)) return fail(label, 'a list', value)
  for (const item of value) hex(item, label)
}

const diversify: Operation = {
  inputs: { key: hex, factors: listOfHex },
  outputs: { key: hex },
  run: (inputs) => ({
    key: toHex(diversifyPurseKey(createPurseKey(inputs.bytes('key')), inputs.list('factors')).expose()),
  }),
}

const sessionKey: Operation = {
  inputs: { key: hex, random: hex, serial: number, terminalSerial: number },
  outputs: { key: hex },
  run(inputs) {
    const [key, random, serial] = [createPurseKey(inputs.bytes('key')), inputs.bytes('random'), inputs.number('serial')]
    const session = inputs.has('terminalSerial')
      ? purchaseSessionKey(key, random, serial, inputs.number('terminalSerial'))
      : onlineSessionKey(key, random, serial)
    return { key: toHex(session.expose()) }
  },
}

const mac: Operation = {
  inputs: { sessionKey: hex, data: hex },
  outputs: { mac: hex },
  run(inputs) {
    const key = TdesKey.create('zone', 'MAC', inputs.bytes('sessionKey'), TEST_KEY)
    return { mac: toHex(purseMac(key, inputs.bytes('data'))) }
  },
}

const tac: Operation = {
  inputs: { dtk: hex, data: hex },
  outputs: { tac: hex },
  run: (inputs) => ({ tac: toHex(purseTac(createPurseKey(inputs.bytes('dtk')), inputs.bytes('data'))) }),
}

const secureMessaging: Operation = {
  inputs: { key: hex, challenge: hex, message: hex, data: hex },
  outputs: { mac: hex, enciphered: hex },
  run(inputs) {
    const key = createPurseKey(inputs.bytes('key'))
    return {
      mac: inputs.has('message')
        ? toHex(purseCommandMac(key, inputs.bytes('challenge'), inputs.bytes('message')))
        : undefined,
      enciphered: inputs.has('data') ? toHex(encipherPurseData(key, inputs.bytes('data'))) : undefined,
    }
  },
}

const pinCommand: Operation = {
  inputs: { command: oneOf('pin-unblock', 'reload-pin'), key: hex, challenge: hex, plain: hex },
  outputs: { apdu: hex },
  run(inputs) {
    const [key, plain] = [inputs.bytes('key'), inputs.bytes('plain')]
    const apdu =
      inputs.text('command') === 'reload-pin'
        ? reloadPinCommand(createPurseKey(key), plain)
        : pinUnblockCommand(createPurseKey(key, 'PIN'), inputs.bytes('challenge'), plain)
    return { apdu: toHex(apdu) }
  },
}

const transaction: Operation = {
  inputs: {
    kind: oneOf('load', 'unload', 'cash', 'purchase', 'overdraft', 'capp'),
    purse: oneOf('ed', 'ep'),
    key: hex,
    dtk: hex,
    amount: number,
    terminal: hex,
    initialized: hex,
    date: text,
    time: text,
    terminalSerial: number,
    answer: hex,
  },
  outputs: { command: hex, sessionKey: hex, mac1: boolean, answer: boolean },
  run(inputs) {
    const given = initialized(inputs)
    const completion = {
      date: inputs.text('date'),
      time: inputs.text('time'),
      ...(inputs.has('terminalSerial') ? { terminalSerial: inputs.number('terminalSerial') } : {}),
    }
    const key = createPurseKey(inputs.bytes('key'))
    const session = transactionSessionKey(key, given.kind, given.answer, completion.terminalSerial)
    const keys = { session, dtk: createPurseKey(inputs.bytes('dtk')) }
    return {
      command: toHex(completeCommand(session, given, completion)),
      sessionKey: toHex(session.expose()),
      mac1: verifyMac1(session, given),
      answer: verifyCompletion(keys, given, completion, inputs.bytes('answer')),
    }
  },
}

function initialized(inputs: CaseInputs): InitializedTransaction {
  const kind = inputs.text('kind') as PurseTransactionKind
  return {
    kind,
    purse: inputs.text('purse') as PurseName,
    keyIndex: 1,
    amount: inputs.number('amount'),
    terminal: inputs.bytes('terminal'),
    answer: parseInitialized(kind, inputs.bytes('initialized')),
  }
}

/** The operations of the e-purse, by the name they have in vector files. */
export const PURSE_OPERATIONS: Readonly<Record<string, Operation>> = {
  'epurse-diversify': diversify,
  'epurse-session-key': sessionKey,
  'epurse-mac': mac,
  'epurse-tac': tac,
  'epurse-secure-messaging': secureMessaging,
  'epurse-pin-command': pinCommand,
  'epurse-transaction': transaction,
}
