/**
 * A table with a card on it: a virtual debit/credit card, a terminal that does what a test says and nothing more, and the
 * issuer of this toolkit (packages/keys and packages/scripts). Card and issuer share no message builder, so that each
 * judges the other.
 */
import {
  concat,
  fillDol,
  fromHex,
  parseDol,
  parseResponse,
  parseTlv,
  type Response,
  toHex,
  withGetResponse,
} from '../../packages/apdu/src/index.js'
import { openDebitCreditCard } from '../../packages/card/src/debit-credit-card.js'
import { CardMemory, type SavedMemory } from '../../packages/card/src/memory.js'
import { personaliseCard } from '../../packages/card/src/personalise.js'
import { parseCardProfile } from '../../packages/card/src/profile.js'
import type { VirtualCard } from '../../packages/card/src/virtual-card.js'
import {
  type ArpcDecision,
  answerApplicationCryptogram,
  parseIssuerApplicationData,
  SCHEMES,
  type SchemeName,
  verifyApplicationCryptogram,
} from '../../packages/keys/src/index.js'
import {
  type BuiltScriptCommand,
  buildScriptCommands,
  type ScriptCommand,
  type ScriptInput,
} from '../../packages/scripts/src/index.js'
import { type Application, CARD, keySet, PIN, profile } from './debit-credit-profile.js'

export { PIN, profile }

/** What the terminal says when a list asks it. */
const TERMINAL: Readonly<Record<string, string>> = {
  '9F02': '000000010000',
  '9F03': '000000000000',
  '9F1A': '0156',
  '95': '0000000000',
  '5F2A': '0156',
  '9A': '261121',
  '9C': '00',
  '9F37': '11223344',
  '9F21': '120000',
  '9F35': '22',
  '9F7A': '00',
}

const P1 = { AAC: 0x00, TC: 0x40, ARQC: 0x80 } as const
const KINDS = { 0: 'AAC', 64: 'TC', 128: 'ARQC' } as const

/** The answer to a GENERATE AC. */
export interface Cryptogram {
  readonly status: string
  readonly kind: 'AAC' | 'TC' | 'ARQC' | undefined
  readonly atc: Uint8Array
  readonly ac: Uint8Array
  readonly iad: Uint8Array
}

/** A card and what is done with it. */
export type Table = ReturnType<typeof tableOf>

/** A table with a new card, or one from a saved memory. */
export function layTable(scheme: SchemeName, application: Application = {}, card: Application = {}): Table {
  return layTableOf(profile(scheme, application, card), scheme)
}

/** A table with a new card of a profile, whose first application is of the scheme. */
export function layTableOf(json: unknown, scheme: SchemeName): Table {
  return tableOf(personaliseCard(parseCardProfile(json)), scheme)
}

/** A table with the card that left another one. */
export function layTableFrom(saved: SavedMemory, scheme: SchemeName): Table {
  return tableOf(CardMemory.restore(saved), scheme)
}

function tableOf(memory: CardMemory, scheme: SchemeName) {
  const card: VirtualCard = openDebitCreditCard(memory)
  const exchange = withGetResponse(card.exchange)
  const config = JSON.parse(new TextDecoder().decode(memory.read('app/0/config'))) as Record<string, string>
  const values = new Map(Object.entries(TERMINAL).map(([tag, value]) => [tag, fromHex(value)]))
  const row = SCHEMES[scheme]

  const sent: Uint8Array[] = []
  const send = async (command: Uint8Array | string): Promise<Response> => {
    const bytes = typeof command === 'string' ? fromHex(command) : command
    sent.push(bytes)
    return parseResponse(await exchange(bytes))
  }
  const status = async (command: Uint8Array | string): Promise<string> => (await send(command)).status

  const select = (): Promise<Response> => send(`00A40400${lc(config['aid'] as string)}00`)
  const getProcessingOptions = (): Promise<Response> => {
    const data = fillDol(parseDol(fromHex(config['pdol'] as string)), values)
    return send(`80A80000${lc(`83${lc(toHex(data))}`)}00`)
  }
  const generateAc = async (kind: keyof typeof P1, dol: 'cdol1' | 'cdol2'): Promise<Cryptogram> => {
    const data = fillDol(parseDol(fromHex(config[dol] as string)), values)
    const answer = await send(concat(Uint8Array.of(0x80, 0xae, P1[kind], 0), fromHex(`${lc(toHex(data))}00`)))
    return cryptogramOf(answer)
  }
  /** SELECT, GET PROCESSING OPTIONS, first GENERATE AC. */
  const begin = async (kind: keyof typeof P1 = 'ARQC'): Promise<Cryptogram> => {
    await select()
    await getProcessingOptions()
    return generateAc(kind, 'cdol1')
  }

  const messageOf = (cryptogram: Cryptogram) => ({
    tags: new Map([
      ...values,
      ['82', fromHex(config['aip'] as string)],
      ['84', fromHex(config['aid'] as string)],
      ['9F36', cryptogram.atc],
      ['9F26', cryptogram.ac],
      ['9F10', cryptogram.iad],
    ]),
    scheme,
    card: CARD,
    keySets: [keySet(scheme)],
  })
  /** Whether the issuer takes a cryptogram for what it says it is. */
  const verifies = (cryptogram: Cryptogram): boolean =>
    verifyApplicationCryptogram({ ...messageOf(cryptogram), expectedType: cryptogram.kind ?? 'ARQC' })
      .cryptogramValid === true
  /** Tag 91's value for an ARQC that verifies; by ARPC method 2 with a card status update. */
  const answer = (cryptogram: Cryptogram, approve = true, csu = approve ? '00820000' : '00020000'): Uint8Array => {
    // [EMV-B3] C10, byte 2: bit 8 says that the issuer approves, bits 2 and 1 that the counters begin anew.
    const decision: ArpcDecision =
      row.arpc.method === 1 ? { arc: fromHex(approve ? '3030' : '3035') } : { csu: fromHex(csu) }
    const { verdict, answer: given } = answerApplicationCryptogram(messageOf(cryptogram), decision)
    if (given === undefined) throw new Error(`the issuer refuses the cryptogram: ${verdict.code}`)
    return given.issuerAuthenticationData
  }
  const authenticatesByCommand = ((fromHex(config['aip'] as string)[0] as number) & 0x04) !== 0
  /** Issuer authentication, by the way that the card has: the command now, or tag 91 with the second GENERATE AC. */
  const authenticateIssuer = async (data: Uint8Array): Promise<string> => {
    if (authenticatesByCommand) return status(`00820000${lc(toHex(data))}`)
    values.set('91', data)
    return '9000'
  }
  /** The second GENERATE AC: the issuer was reached (ARC 00, or 05 for a decline), or it was not (Y3, Z3). */
  const end = (kind: 'TC' | 'AAC' = 'TC', arc = kind === 'TC' ? '3030' : '3035'): Promise<Cryptogram> => {
    values.set('8A', fromHex(arc))
    return generateAc(kind, 'cdol2')
  }

  const secure = (
    { atc, ac }: Pick<Cryptogram, 'atc' | 'ac'>,
    commands: readonly ScriptCommand[],
    options: Partial<ScriptInput> = {},
    chaining: 'none' | 'arqc-counts' = 'none',
  ): BuiltScriptCommand[] => {
    const { ac: acKey, mac, enc } = keySet(scheme)
    const keys = { ac: acKey, mac, enc }
    return buildScriptCommands({ scheme, atc, arqc: ac, keys, card: CARD, ...options } as ScriptInput, commands, {
      chaining,
    })
  }
  const script = (cryptogram: Pick<Cryptogram, 'atc' | 'ac'>, ...commands: readonly ScriptCommand[]): Uint8Array[] =>
    secure(cryptogram, commands).map(({ apdu }) => apdu)
  /** Sends the commands of a script; their statuses. */
  const run = async (cryptogram: Cryptogram, ...commands: readonly ScriptCommand[]): Promise<string[]> => {
    const statuses: string[] = []
    for (const apdu of script(cryptogram, ...commands)) statuses.push(await status(apdu))
    return statuses
  }
  /** A whole online transaction with issuer authentication, approved; then scripts, as template 72 brings them. */
  const online = async (
    ...commands: readonly ScriptCommand[]
  ): Promise<{ first: Cryptogram; second: Cryptogram; statuses: string[] }> => {
    const first = await begin()
    await authenticateIssuer(answer(first))
    const second = await end()
    return { first, second, statuses: await run(first, ...commands) }
  }
  const verify = (pin: string): Promise<string> =>
    status(`0020008008${`2${pin.length.toString(16)}${pin}`.padEnd(16, 'F')}`)

  return {
    card,
    config,
    values,
    authenticatesByCommand,
    /** Every command so far. */
    sent,
    send,
    status,
    select,
    getProcessingOptions,
    generateAc,
    begin,
    end,
    verifies,
    answer,
    authenticateIssuer,
    secure,
    script,
    run,
    online,
    verify,
    getData: async (tag: string): Promise<string> => {
      const { data, status: sw } = await send(`80CA${tag}00`)
      return sw === '9000' ? toHex(parseTlv(data)[0]?.value ?? new Uint8Array(0)) : sw
    },
    /** The CVR by name, of this card's family. */
    cvr: ({ iad }: Cryptogram) => cvrOf(iad, scheme),
    /** Every object of the card's memory, by name. */
    objects: (): Record<string, string> => objectsOf(memory),
  }
}

/** The same bytes with the last bit another one. */
export function damaged(bytes: Uint8Array | undefined): Uint8Array {
  if (bytes === undefined) throw new Error('there is nothing to damage')
  return Uint8Array.from(bytes, (byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte))
}

export function objectsOf(memory: CardMemory): Record<string, string> {
  return Object.fromEntries(memory.names.map((name) => [name, toHex(memory.read(name))]))
}

/** What two states of a card differ in: name -> [before, after]. */
export function difference(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Record<string, readonly [string | undefined, string | undefined]> {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return Object.fromEntries(
    names.filter((name) => before[name] !== after[name]).map((name) => [name, [before[name], after[name]] as const]),
  )
}

/** [EMV-B3] 6.5.5.4: format 1 is a template 80 of CID, ATC, cryptogram and 9F10; format 2 a template 77 of data objects. */
function cryptogramOf({ status, data }: Response): Cryptogram {
  const none = new Uint8Array(0)
  if (status !== '9000') return { status, kind: undefined, atc: none, ac: none, iad: none }
  const [template] = parseTlv(data)
  if (template === undefined) throw new Error('GENERATE AC was answered without data')
  const [cid, atc, ac, iad] =
    template.tag === '80'
      ? [[0, 1], [1, 3], [3, 11], [11]].map(([from, to]) => template.value.slice(from, to))
      : ['9F27', '9F36', '9F26', '9F10'].map((tag) => parseTlv(template.value).find((tlv) => tlv.tag === tag)?.value)
  const kind = KINDS[((cid?.[0] ?? 0xff) & 0xc0) as keyof typeof KINDS]
  return { status, kind, atc: atc ?? none, ac: ac ?? none, iad: iad ?? none }
}

function cvrOf(iad: Uint8Array, scheme: SchemeName) {
  const { cvrFlags } = parseIssuerApplicationData(iad, { scheme, family: SCHEMES[scheme].family })
  if (cvrFlags === undefined) throw new Error('no CVR that is public')
  return { flags: cvrFlags.set.map(({ name }) => name), values: cvrFlags.values }
}

function lc(hex: string): string {
  return (hex.length / 2).toString(16).padStart(2, '0') + hex
}
