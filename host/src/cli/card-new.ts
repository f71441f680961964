/** `issuerkit card new`: a profile becomes a card in a file; that of a debit/credit card is signed by test CAs. */
import { existsSync, readFileSync } from 'node:fs'
import { fromHex, toHex } from '@issuerkit/apdu'
import {
  type CardProfile,
  describeCard,
  describePurse,
  type PurseProfile,
  parseCardProfile,
  parsePurseProfile,
  personaliseCard,
  personalisePurse,
} from '@issuerkit/card'
import { createTestCa, type TestCa } from '@issuerkit/oda'
import { createCardFile } from '@issuerkit/terminal'
import { HostError, systemCode } from '../errors.js'
import { strictFault } from '../json-body.js'
import { caFileOf, readCa, writePrivate } from './ca-files.js'
import type { CommandIo } from './io.js'
import { namedPurseProfile } from './purse-profiles.js'

/** The options of `card new`. */
export interface NewCardOptions {
  readonly profile: string
  readonly ca?: readonly string[]
  readonly out: string
}

/** A CA that is made because none was given: index F1 is no published key's. */
const CA = { index: 0xf1, bits: 1984, exponent: 3 } as const

/**
 * Makes the card. A profile that says that its kind is `e-purse`, or the name of one, becomes an e-purse card.
 * @throws ERR_USAGE when a file cannot be read, is not what it should be, or is there already; as `parseCardProfile` and
 *   `personaliseCard`, `parsePurseProfile` and `personalisePurse`
 */
export function newCard(options: NewCardOptions, io: CommandIo): void {
  const { profile, ca = [], out } = options
  const named = namedPurseProfile(profile)
  const json = named === undefined ? readProfile(profile) : undefined
  const isPurse = named !== undefined || isPurseJson(json)
  if (isPurse && ca.length > 0) throw new HostError('ERR_USAGE', 'an e-purse card has no certificates: --ca')
  if (isPurse) newPurse(named ?? parsePurseProfile(json), out, io)
  else newDebitCredit(parseCardProfile(json), ca.map(readCa), out, io)
}

/** Makes the card, and a CA for each RID that asks for certificates and has none, in a file beside the card's. */
function newDebitCredit(profile: CardProfile, given: readonly TestCa[], out: string, io: CommandIo): void {
  expectNew(out)
  const made = missingRids(profile, given).map((rid) => createTestCa({ ...CA, rid: fromHex(rid) }))
  const memory = personaliseCard(profile, [...given, ...made])
  // Nothing is written for a profile that does not become a card.
  for (const ca of made) {
    const rid = toHex(ca.key.rid)
    const caFile = `${out}.ca-${rid}.json`
    writePrivate(caFile, caFileOf(ca))
    io.out(`${caFile}: test CA ${rid}/${toHex(Uint8Array.of(CA.index))}, checksum ${toHex(ca.key.checksum)}\n`)
  }
  createCardFile(out, memory)
  const lines = describeCard(memory).applications.map(({ aid, label, scheme }) => `  ${aid} ${label} (${scheme})\n`)
  io.out(`${out}: test card, ${profile.protocol}\n${lines.join('')}`)
}

function newPurse(profile: PurseProfile, out: string, io: CommandIo): void {
  expectNew(out)
  const memory = personalisePurse(profile)
  createCardFile(out, memory)
  const lines = describePurse(memory).applications.map(({ name, fid }) => `  ${name} (${fid})\n`)
  io.out(`${out}: test e-purse card, ${profile.protocol}, ${profile.profile}\n${lines.join('')}`)
}

function isPurseJson(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'kind' in json && json.kind === 'e-purse'
}

function expectNew(out: string): void {
  if (existsSync(out)) throw new HostError('ERR_USAGE', `${out} cannot be written (EEXIST)`)
}

function missingRids({ applications }: CardProfile, given: readonly TestCa[]): string[] {
  const known = given.map(({ key }) => toHex(key.rid))
  const needed = applications
    .filter(({ certificates }) => certificates !== undefined)
    .map(({ aid }) => aid.slice(0, 10))
  return [...new Set(needed)].filter((rid) => !known.includes(rid))
}

/** A profile as JSON. @throws ERR_USAGE when the file cannot be read, or is not JSON that says each thing once */
export function readProfile(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new HostError('ERR_USAGE', `${file} cannot be read (${systemCode(cause)})`, { cause })
  }
  // What stands in a profile may be a key: nothing of it is repeated.
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new HostError('ERR_USAGE', `${file} is not JSON`)
  }
  if (strictFault(text) !== undefined) {
    throw new HostError('ERR_USAGE', `${file} has a field twice in one object, or is nested too deep`)
  }
  return json
}
