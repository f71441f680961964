/** The debit/credit card: what its memory holds, behind SELECT and the table of commands and states. */
import { type Command, fromHex } from '@issuerkit/apdu'
import { randomBytes } from '@issuerkit/keys'
import { cardConfig } from './debit-credit-config.js'
import { type ApplicationContext, forgetTransaction, newTransaction, type Transaction } from './debit-credit-model.js'
import { type CardCommand, type CardState, cardCommandOf, goesIn, transactionState } from './debit-credit-table.js'
import { externalAuthenticate } from './external-authenticate.js'
import { generateAc } from './generate-ac.js'
import { internalAuthenticate } from './internal-authenticate.js'
import type { CardMemory } from './memory.js'
import { getChallenge, getData, getProcessingOptions, type RecordFiles, readRecord } from './read-commands.js'
import { scriptCommand } from './script-engine.js'
import { findByName, selectableOf } from './select.js'
import { verifyPin } from './verify-pin.js'
import { type CardAnswer, createVirtualCard, type VirtualCard } from './virtual-card.js'

/** What a card is opened with. */
export interface DebitCreditCardOptions {
  /** Random bytes of the length asked for; the platform's unless given. */
  readonly random?: (length: number) => Uint8Array
}

/** What is selected: its place among what can be, its records, and for an application the rest. */
interface Selection {
  readonly place: number
  readonly files: RecordFiles
  readonly context: ApplicationContext | undefined
}

type ApplicationCommand = Exclude<CardCommand, 'select' | 'read-record'>

const COMMANDS: Readonly<Record<ApplicationCommand, (context: ApplicationContext, command: Command) => CardAnswer>> = {
  'get-processing-options': getProcessingOptions,
  'get-data': getData,
  'get-challenge': getChallenge,
  verify: verifyPin,
  'internal-authenticate': internalAuthenticate,
  'external-authenticate': externalAuthenticate,
  'generate-ac': generateAc,
  // The table's row has the engine's instructions and no other.
  script: (context, command) => scriptCommand(context, command) as CardAnswer,
}

/**
 * The card that a memory holds, powered up. Its configs are read once, here.
 *
 * SELECT ends a transaction, whatever it finds; what was in memory of it is zeroed. A card that was blocked goes on to
 * the end of its transaction: from the next SELECT or reset on it answers 6A81 to everything, GET RESPONSE included.
 * @throws ERR_CARD when the memory is not that of a debit/credit card
 * @see [EMV-B1] 11, [EMV-B3] 6.5, [PBOC-SCRIPT] 5
 */
export function openDebitCreditCard(memory: CardMemory, options: DebitCreditCardOptions = {}): VirtualCard {
  const { random = randomBytes } = options
  const config = cardConfig(memory)
  const { switches } = config
  const selectable = selectableOf(memory, config)
  let selection: Selection | undefined
  // Whether the card is blocked for good; not known after reset, when memory may have to recover first.
  let blocked: boolean | undefined

  const isBlocked = (): boolean => {
    blocked ??= memory.readNumber('blocked') !== 0
    return blocked
  }
  const deselect = (): void => {
    if (selection?.context !== undefined) forgetTransaction(selection.context.transaction)
    selection = undefined
  }
  const select = (command: Command): CardAnswer => {
    const place = findByName(selectable, selection?.place ?? -1, command)
    if (typeof place === 'string') return { status: place }
    deselect()
    const found = selectable[place]
    if (found === undefined) return { status: '6A82' }
    const data = memory.read(found.fci)
    if (found.kind === 'directory') {
      selection = { place, files: found.files, context: undefined }
      return { status: '9000', data }
    }
    const { files, config } = found
    const context = { memory: files, config, switches, transaction: newTransaction(), random }
    selection = { place, files, context }
    // [PBOC-SCRIPT] 5: it stays selected, to be unblocked.
    if (files.state('blocked') === 0) return { status: '9000', data }
    return switches.selectBlocked === '6283' ? { status: '6283', data } : { status: '6A81', later: data }
  }
  const process = (command: Command): CardAnswer => {
    const name = cardCommandOf(command.cla, command.ins)
    if (name === 'select') blocked = undefined
    if (isBlocked()) {
      deselect()
      return { status: '6A81' }
    }
    if (name === '6D00' || name === '6E00') return { status: name }
    if (name === 'select') return select(command)
    if (selection === undefined || !goesIn(name, stateOf(selection))) return { status: '6985' }
    if (name === 'read-record') return readRecord(selection.files, command)
    return COMMANDS[name](selection.context as ApplicationContext, command)
  }

  return createVirtualCard(memory, {
    atr: fromHex(config.atr),
    protocol: config.protocol,
    nothingPending: switches.nothingPending,
    reset: () => {
      deselect()
      blocked = undefined
    },
    process: (command) => {
      const transaction = selection?.context?.transaction
      const challenge = transaction?.challenge
      const answer = process(command)
      // [EMV-B3] 6.5.6: a challenge is good for the next command alone.
      if (transaction !== undefined && challenge !== undefined) spend(transaction, challenge)
      return answer
    },
    refuseGetResponse: () => (isBlocked() ? '6A81' : undefined),
  })
}

function stateOf({ context }: Selection): CardState {
  return context === undefined ? 'directory' : transactionState(context.transaction)
}

function spend(transaction: Transaction, challenge: Uint8Array): void {
  challenge.fill(0)
  if (transaction.challenge === challenge) transaction.challenge = undefined
}
