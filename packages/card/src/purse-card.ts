/** The e-purse card: what its memory holds, behind the table of commands. */
import { type Command, fromHex } from '@issuerkit/apdu'
import { randomBytes } from '@issuerkit/keys'
import type { CardMemory } from './memory.js'
import { externalAuthenticate, getChallenge, internalAuthenticate } from './purse-authenticate.js'
import { applicationBlock, applicationUnblock, cardBlock } from './purse-blocking.js'
import { purseConfig } from './purse-config.js'
import { readBinary, readRecord, updateBinary, updateRecord } from './purse-files.js'
import { LIFE } from './purse-messaging.js'
import { AdfMemory, type PurseContext, type PurseSession } from './purse-model.js'
import { changePin, reloadPin, unblockPin, verify } from './purse-pin.js'
import { endTransaction, enter, lifeOf, newPurseSession, select, selectedFiles } from './purse-select.js'
import { type PurseCommandName, type PurseRow, purseRowOf, purseRowsOf } from './purse-table.js'
import { purseTransaction } from './purse-transactions.js'
import { type CardAnswer, createVirtualCard, type VirtualCard } from './virtual-card.js'

/** What a card is opened with. */
export interface PurseCardOptions {
  /** Random bytes of the length asked for; the platform's unless given. */
  readonly random?: (length: number) => Uint8Array
}

/** Commands that go under the MF as under an application. */
type CommonCommand = 'select' | 'read-binary' | 'read-record' | 'get-challenge'
type ApplicationCommand = Exclude<PurseCommandName, CommonCommand>

const APPLICATION: Readonly<Record<ApplicationCommand, (context: PurseContext, command: Command) => CardAnswer>> = {
  'update-binary': updateBinary,
  'update-record': updateRecord,
  verify,
  'change-pin': changePin,
  'reload-pin': reloadPin,
  'unblock-pin': unblockPin,
  'application-block': applicationBlock,
  'application-unblock': applicationUnblock,
  'card-block': cardBlock,
  'external-authenticate': externalAuthenticate,
  'internal-authenticate': internalAuthenticate,
  // The table's rows of this name have the instructions of transactions and no other.
  transaction: (context, command) => purseTransaction(context, command) as CardAnswer,
}

/**
 * The card that a memory holds, powered up. Its config is read once, here.
 *
 * What refuses a command, in this order: the card is blocked (6A81); INS (6D00), CLA (6E00); the application is
 * blocked for good (9303), for a time (6985); P1 P2 (6A86); lengths (6700, 6CXX); the command itself. Every command
 * but GET RESPONSE uses up a challenge, whether it is refused or not.
 * @throws ERR_CARD when the memory is not that of an e-purse card
 * @see [PBOC] 2, [ETC] 4.1.7 to 4.1.11
 */
export function openPurseCard(memory: CardMemory, options: PurseCardOptions = {}): VirtualCard {
  const { random = randomBytes } = options
  const config = purseConfig(memory)
  const session = newPurseSession()
  const shell = { memory, config, session, random }

  const isBlocked = (): boolean => memory.readNumber('blocked') !== 0
  const run = ({ name, mf }: PurseRow, command: Command): CardAnswer => {
    switch (name) {
      case 'select':
        return select(shell, command)
      case 'get-challenge':
        return getChallenge(shell, command)
      case 'read-binary':
        return readBinary({ ...shell, files: selectedFiles(shell) }, command)
      case 'read-record':
        return readRecord({ ...shell, files: selectedFiles(shell) }, command)
      default:
        if (session.adf < 0) return { status: mf }
        return APPLICATION[name]({ ...shell, memory: new AdfMemory(memory, session.adf) }, command)
    }
  }
  const process = (command: Command): CardAnswer => {
    if (isBlocked()) return { status: '6A81' }
    const rows = purseRowsOf(command)
    const row = typeof rows === 'string' ? rows : (refusedByLife(rows[0], lifeOf(shell)) ?? purseRowOf(rows, command))
    const effect = typeof rows === 'string' ? 'ends' : rows[0].transaction
    // [PBOC] 2, state table: a transaction's own command that is refused here has failed, and ends it, too.
    const goesOn = effect === 'own' || (effect === 'by switch' && !config.switches.verifyEndsTransaction)
    if (effect !== 'keeps' && (typeof row === 'string' || !goesOn)) endTransaction(session)
    return typeof row === 'string' ? { status: row } : run(row, command)
  }

  return createVirtualCard(memory, {
    atr: fromHex(config.atr),
    protocol: config.protocol,
    nothingPending: config.switches.nothingPending,
    reset: () => enter(session, -1),
    process: (command) => {
      const { challenge } = session
      const answer = process(command)
      if (challenge !== undefined) spend(session, challenge)
      return answer
    },
    refuseGetResponse: ({ cla, p1, p2 }) => {
      if (isBlocked()) return '6A81'
      if (lifeOf(shell) === LIFE.blockedForGood) return '9303'
      // [ETC] 7.1.11: wrong parameters are told from nothing to get.
      if (cla !== 0) return '6E00'
      return p1 !== 0 || p2 !== 0 ? '6A86' : undefined
    },
  })
}

function refusedByLife({ life: goes }: PurseRow, life: number): '9303' | '6985' | undefined {
  if (life === LIFE.inUse || goes === 'ever') return undefined
  if (life === LIFE.blockedForGood) return '9303'
  return goes === 'blocked' ? undefined : '6985'
}

function spend(session: PurseSession, challenge: Uint8Array): void {
  challenge.fill(0)
  if (session.challenge === challenge) session.challenge = undefined
}
