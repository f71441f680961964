/**
 * SELECT, and what the card forgets with it.
 * @see [PBOC] 2 (SELECT), [ETC] 3.2, 4.1.8, 4.1.12; [FMCOS] (SELECT by file identifier)
 */
import { type Command, equalBytes, fromHex, toHex } from '@issuerkit/apdu'
import type { CardMemory } from './memory.js'
import { findFile, mainFiles, type PurseFiles } from './purse-files.js'
import { LIFE } from './purse-messaging.js'
import { AdfMemory, type PurseConfig, type PurseSession } from './purse-model.js'
import type { CardAnswer } from './virtual-card.js'

/** The card as SELECT sees it. */
export interface SelectableCard {
  readonly memory: CardMemory
  readonly config: PurseConfig
  readonly session: PurseSession
}

const BY_NAME = 0x04
const BY_IDENTIFIER = 0x00
const MAIN = -1
const MAIN_IDENTIFIER = '3F00'

/** What the card remembers after a reset: the MF is selected. */
export function newPurseSession(): PurseSession {
  return {
    adf: MAIN,
    file: undefined,
    pinVerified: false,
    authenticated: false,
    challenge: undefined,
    transaction: undefined,
  }
}

/** Selects an application, or with -1 the MF: everything that was proven or begun is forgotten. */
export function enter(session: PurseSession, adf: number): void {
  endTransaction(session)
  session.challenge?.fill(0)
  Object.assign(session, newPurseSession(), { adf })
}

/** Back to idle; the session key is zeroed. */
export function endTransaction(session: PurseSession): void {
  session.transaction?.sessionKey?.fill(0)
  session.transaction = undefined
}

/** The files of what is selected. */
export function selectedFiles({ memory, session }: Pick<SelectableCard, 'memory' | 'session'>): PurseFiles {
  return session.adf === MAIN ? mainFiles(memory) : new AdfMemory(memory, session.adf)
}

/** The life of what is selected; the MF has none, and is in use. */
export function lifeOf({ memory, session }: Pick<SelectableCard, 'memory' | 'session'>): number {
  return session.adf === MAIN ? LIFE.inUse : memory.readNumber(`adf/${session.adf}/life`)
}

/**
 * SELECT by the whole name; by file identifier where the card serves that.
 *
 * 6A86 for another P1 P2, 6700 for a name that is not 5 to 16 bytes or an identifier that is not 2, 6A82 when there is
 * none of it, and then nothing changes. An application that is blocked is selected none the less: 6A81 for a time, the
 * FCI by GET RESPONSE; 9303 for good.
 */
export function select(card: SelectableCard, { p1, p2, data = new Uint8Array(0) }: Command): CardAnswer {
  const { config } = card
  if (p2 === 0 && p1 === BY_NAME) return data.length < 5 || data.length > 16 ? { status: '6700' } : byName(card, data)
  if (p2 !== 0 || p1 !== BY_IDENTIFIER || config.switches.selectByFid === 'refuse') return { status: '6A86' }
  return data.length === 2 ? byIdentifier(card, toHex(data)) : { status: '6700' }
}

function byName(card: SelectableCard, name: Uint8Array): CardAnswer {
  const { mf, adfs } = card.config
  const found = [mf, ...adfs].findIndex((file) => equalBytes(fromHex(file.name), name))
  return found < 0 ? { status: '6A82' } : selected(card, found - 1)
}

function byIdentifier(card: SelectableCard, identifier: string): CardAnswer {
  const { config, session } = card
  if (identifier === MAIN_IDENTIFIER) return selected(card, MAIN)
  const adf = config.adfs.findIndex(({ fid }) => fid === identifier)
  if (adf >= 0) return selected(card, adf)
  // An elementary file has 00 and its SFI as its identifier: 0015 is SFI 15.
  const sfi = identifier.startsWith('00') ? identifier.slice(2) : ''
  if (findFile(selectedFiles(card), sfi) === undefined) return { status: '6A82' }
  session.file = sfi
  return { status: '9000' }
}

function selected(card: SelectableCard, adf: number): CardAnswer {
  enter(card.session, adf)
  const life = lifeOf(card)
  if (life === LIFE.blockedForGood) return { status: '9303' }
  const fci = card.memory.read(adf === MAIN ? 'mf/fci' : `adf/${adf}/fci`)
  return life === LIFE.inUse ? { status: '9000', data: fci } : { status: '6A81', later: fci }
}
