/**
 * The commands of the e-purse card as data: what their headers and lengths may be, and where they go.
 *
 * | column | |
 * |---|---|
 * | p1, p2, lc | values that are allowed; another P1 P2 is answered 6A86, another Lc 6700. Lc 0 is no data field |
 * | le | bytes of the answer, where the command fixes them; several to choose from by Le |
 * | life | `in use`: while the application is blocked for a time refused with 6985, for good with 9303; `blocked`: goes while it is blocked for a time; `ever`: always |
 * | mf | what the MF answers, which has no keys, no PIN and no purse; `run` where it does the same |
 * | transaction | whether the command ends the one that was initialised: `own` says it itself |
 *
 * Within one row of INS and CLA, P1 P2 choose the command.
 * @see [PBOC] 2 (commands of the e-purse, state table), [ETC] 4.1, 7.1, [FMCOS]
 */
import { type Command, toHex } from '@issuerkit/apdu'

/** A command that the card knows by itself; those of transactions go together. */
export type PurseCommandName =
  | 'select'
  | 'read-binary'
  | 'read-record'
  | 'update-binary'
  | 'update-record'
  | 'get-challenge'
  | 'verify'
  | 'change-pin'
  | 'reload-pin'
  | 'unblock-pin'
  | 'application-block'
  | 'application-unblock'
  | 'card-block'
  | 'external-authenticate'
  | 'internal-authenticate'
  | 'transaction'

/** Whether a header byte or a length is allowed. */
type Rule = (value: number) => boolean

/** A row. */
export interface PurseRow {
  readonly name: PurseCommandName
  readonly cla: number
  readonly ins: number
  readonly p1: Rule
  readonly p2: Rule
  readonly lc: Rule
  readonly le: readonly number[] | undefined
  readonly life: 'in use' | 'blocked' | 'ever'
  readonly mf: 'run' | '6901' | '9403' | '9406'
  readonly transaction: 'ends' | 'keeps' | 'own' | 'by switch'
}

const is =
  (...values: readonly number[]): Rule =>
  (value) =>
    values.includes(value)
const from =
  (least: number, most: number): Rule =>
  (value) =>
    value >= least && value <= most
const any: Rule = () => true
/** Bits 3 to 1 of P2 say what P1 is: 000 an identifier, 100 a number, 011 nothing, of a record behind the last one. */
const reference =
  (...bits: readonly number[]): Rule =>
  (value) =>
    bits.includes(value & 0b111) && value >> 3 < 31
/** P1 of READ and UPDATE BINARY: an SFI of 1 to 30 behind 100, or the upper bits of an offset of 15. */
const place: Rule = (value) => value < 0x80 || (value > 0x80 && value < 0x9f)
const none = is(0)
/** Le 00. */
const ALL = 256
const purses = is(1, 2)

const SELF = { life: 'in use', mf: 'run', transaction: 'ends', le: undefined } as const
const KEYED = { ...SELF, mf: '9403' } as const
const OWN = { ...SELF, name: 'transaction', transaction: 'own' } as const
const INITIALIZE = { ...OWN, cla: 0x80, ins: 0x50, mf: '9403' } as const
const COMPLETE = { ...OWN, mf: '6901' } as const
const GREY = { ...OWN, cla: 0xe0, mf: '9403' } as const
const MAC = is(4)

// biome-ignore format: a table
export const PURSE_TABLE: readonly PurseRow[] = [
  // P1 and the length are left to SELECT: whether a file identifier is served, the profile says.
  { ...SELF, name: 'select',                cla: 0x00, ins: 0xa4, p1: any,      p2: any,          lc: any, life: 'ever' },
  { ...SELF, name: 'read-binary',           cla: 0x00, ins: 0xb0, p1: place,    p2: any,          lc: none },
  { ...SELF, name: 'read-record',           cla: 0x00, ins: 0xb2, p1: any,      p2: reference(0b000, 0b100), lc: none },
  { ...KEYED, name: 'update-binary',        cla: 0x04, ins: 0xd6, p1: place,    p2: any,          lc: from(5, 255) },
  { ...KEYED, name: 'update-record',        cla: 0x04, ins: 0xdc, p1: any,      p2: reference(0b000, 0b011, 0b100), lc: from(5, 255) },
  { ...SELF, name: 'get-challenge',         cla: 0x00, ins: 0x84, p1: none,     p2: none,         lc: none, le: [4, 8], life: 'ever' },
  { ...KEYED, name: 'verify',               cla: 0x00, ins: 0x20, p1: none,     p2: none,         lc: from(2, 6), transaction: 'by switch' },
  // Four bytes are too short for two PINs, but are to be answered as data without FF. [ETC] 4.1.4
  { ...KEYED, name: 'change-pin',           cla: 0x80, ins: 0x5e, p1: is(1),    p2: none,         lc: from(4, 13) },
  { ...KEYED, name: 'reload-pin',           cla: 0x80, ins: 0x5e, p1: is(0),    p2: none,         lc: from(6, 10) },
  { ...KEYED, name: 'unblock-pin',          cla: 0x84, ins: 0x24, p1: none,     p2: none,         lc: is(12, 20) },
  { ...KEYED, name: 'application-block',    cla: 0x84, ins: 0x1e, p1: none,     p2: is(0, 1),     lc: MAC, life: 'blocked' },
  { ...KEYED, name: 'application-unblock',  cla: 0x84, ins: 0x18, p1: none,     p2: none,         lc: MAC, life: 'blocked' },
  { ...KEYED, name: 'card-block',           cla: 0x84, ins: 0x16, p1: none,     p2: none,         lc: MAC, life: 'ever' },
  { ...KEYED, name: 'external-authenticate', cla: 0x00, ins: 0x82, p1: none,    p2: any,          lc: is(8) },
  { ...KEYED, name: 'internal-authenticate', cla: 0x00, ins: 0x88, p1: is(0, 1, 2), p2: any,      lc: from(1, 255) },
  // Initialisation: load, purchase, cash withdraw, composite purchase, overdraft limit, unload.
  { ...INITIALIZE,                                                p1: is(0),    p2: purses,       lc: is(11), le: [16] },
  { ...INITIALIZE,                                                p1: is(1),    p2: purses,       lc: is(11), le: [15] },
  { ...INITIALIZE,                                                p1: is(2),    p2: is(1),        lc: is(11), le: [15] },
  { ...INITIALIZE,                                                p1: is(3),    p2: is(2),        lc: is(11), le: [15] },
  { ...INITIALIZE,                                                p1: is(4),    p2: is(1),        lc: is(7),  le: [19] },
  { ...INITIALIZE,                                                p1: is(5),    p2: is(1),        lc: is(11), le: [16] },
  // Completion: load; unload; purchase, cash and composite purchase; overdraft limit.
  { ...COMPLETE,                            cla: 0x80, ins: 0x52, p1: none,     p2: none,         lc: is(11), le: [4] },
  { ...COMPLETE,                            cla: 0x80, ins: 0x54, p1: is(3),    p2: none,         lc: is(11), le: [4] },
  { ...COMPLETE,                            cla: 0x80, ins: 0x54, p1: is(1),    p2: none,         lc: is(15), le: [8] },
  { ...COMPLETE,                            cla: 0x80, ins: 0x58, p1: none,     p2: none,         lc: is(14), le: [4] },
  { ...COMPLETE,                            cla: 0x80, ins: 0xdc, p1: any,      p2: reference(0b000, 0b100), lc: from(1, 255) },
  // GET TRANSACTION PROVE, GET BALANCE.
  { ...OWN,                                 cla: 0x80, ins: 0x5a, p1: none,     p2: any,          lc: is(2),  le: [8], mf: '9406', transaction: 'keeps' },
  { ...OWN,                                 cla: 0x80, ins: 0x5c, p1: none,     p2: purses,       lc: none,   le: [4], mf: '9403', transaction: 'keeps' },
  // The grey lock: initialised, locked, released offline; released online; its proof.
  { ...GREY,                                           ins: 0x7a, p1: is(8),    p2: purses,       lc: is(7),  le: [15] },
  { ...GREY,                                           ins: 0x7c, p1: is(8),    p2: none,         lc: is(19), le: [8], mf: '6901' },
  { ...GREY,                                           ins: 0x7e, p1: is(8),    p2: purses,       lc: is(27), le: [4] },
  { ...GREY,                                           ins: 0x7a, p1: is(9),    p2: purses,       lc: is(7),  le: [18] },
  { ...GREY,                                           ins: 0x7c, p1: is(9),    p2: none,         lc: is(15), le: [4], mf: '6901' },
  { ...GREY,                                           ins: 0xca, p1: any,      p2: any,          lc: any },
]

/** The rows of an instruction and class, at least one; or the status that refuses them. [ISO7816-4] 5.1.3 */
export function purseRowsOf({
  cla,
  ins,
}: Pick<Command, 'cla' | 'ins'>): readonly [PurseRow, ...PurseRow[]] | '6D00' | '6E00' {
  const known = PURSE_TABLE.filter((row) => row.ins === ins)
  const [first, ...others] = known.filter((row) => row.cla === cla)
  if (first !== undefined) return [first, ...others]
  return known.length === 0 ? '6D00' : '6E00'
}

/** The row of a command among those of its instruction; or the status that refuses its P1 P2, its data field or its Le. */
export function purseRowOf(rows: readonly PurseRow[], command: Command): PurseRow | string {
  const { p1, p2, data } = command
  const row = rows.find((row) => row.p1(p1) && row.p2(p2))
  if (row === undefined) return '6A86'
  return row.lc(data?.length ?? 0) ? (wrongLength(row, command) ?? row) : '6700'
}

/**
 * Where a data field comes in, Le may be left out or be more than there will be, but not less: the answer would be refused
 * when the command has taken effect. Where none comes in, Le is the length, or 00 or nothing for all.
 */
function wrongLength({ le: lengths }: PurseRow, { data, le }: Command): string | undefined {
  if (lengths === undefined) return undefined
  const [length = 0, ...others] = lengths
  if (others.length > 0) return le !== undefined && lengths.includes(le) ? undefined : '6700'
  const asked = le ?? ALL
  if (data !== undefined) return asked < length ? '6700' : undefined
  return asked === length || asked === ALL ? undefined : `6C${toHex(Uint8Array.of(length))}`
}
