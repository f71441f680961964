/**
 * What each command of an application accepts in its header, and what it answers to everything else: the table that the
 * cases of chapter 7 are generated from.
 *
 * A header is tried in the state in which the right one would be served, so that nothing but the header can be the reason;
 * lengths that the command accepts are left out, because a try with them may count as a wrong MAC or PIN.
 * @see [PBOC] 2, [ETC] 7
 */
import { toHex } from '@issuerkit/apdu'
import type { PurseTestProfile } from './profile.js'
import type { PurseTester } from './tester.js'

/** What is tried instead of the right parameter, and what has to come. */
export interface WrongParameter {
  readonly command: Uint8Array
  readonly status: string | RegExp
}

type Protocol = 'T=0' | 'T=1'

/** A command of the table. */
export interface ParameterRow {
  /** The section of chapter 7. */
  readonly section: string
  readonly name: string
  readonly header: readonly [cla: number, ins: number, p1: number, p2: number]
  /** P1 and P2 that are defined, or that sources differ about. */
  readonly p1?: (value: number) => boolean
  readonly p2?: (value: number) => boolean
  /** What a P2 that is not defined is answered with; 6A86 unless given. */
  readonly p2Status?: string
  /** P3 as it is sent with wrong parameters: Le, or Lc with so many bytes of data. */
  readonly p3: (profile: PurseTestProfile) => { le: number } | { lc: number }
  /** What P3 is answered with; undefined where it is accepted, or open. */
  readonly length: (value: number, profile: PurseTestProfile, protocol: Protocol) => string | RegExp | undefined
  /** Sent before each try: a challenge, or what makes an answer wait. */
  readonly before?: (t: PurseTester) => Promise<unknown>
}

const SFI = 0x15
/** Bytes of a MAC, and the most that a short command carries. */
const MAC = 4
const ALL = Array.from({ length: 256 }, (_, value) => value)

/** Bytes of file 0015. */
function sizeOf({ applications }: PurseTestProfile): number {
  return (applications[0].binaries['15'] as string).length / 2
}

/** Bytes of the FCI of ADF1. */
function fciOf({ applications }: PurseTestProfile): number {
  return applications[0].fci.length / 2
}

/** A file by its short identifier, or an offset of 15 bits in the current one. */
function fileP1(value: number): boolean {
  return value <= 0x9f
}

/** An accepted length, or 6700. */
function exactly(...lengths: readonly number[]): ParameterRow['length'] {
  return (value) => (lengths.includes(value) ? undefined : '6700')
}

async function challenge(t: PurseTester): Promise<void> {
  await t.expect(t.challenge(4), '9000')
}

const blocking = { before: challenge, p3: () => ({ lc: MAC }), length: exactly(MAC) } as const

export const PARAMETERS: readonly ParameterRow[] = [
  {
    section: '7.1.1',
    name: 'READ BINARY',
    header: [0x00, 0xb0, 0x80 | SFI, 0x00],
    p1: fileP1,
    // Every P2 is an offset; those behind the end are wrong.
    p2Status: '6B00',
    p3: () => ({ le: 1 }),
    length: (value, profile, protocol) => {
      if (value === 0 && profile.behaviour.readAll === 'serve') return undefined
      // On T=1 the answer may be shorter than Le. [ISO7816-4] 5.1
      if (value > 0 && protocol === 'T=1') return undefined
      return value > 0 && value <= sizeOf(profile) ? undefined : `6C${hexByte(sizeOf(profile))}`
    },
  },
  {
    section: '7.1.2',
    name: 'UPDATE BINARY',
    header: [0x04, 0xd6, 0x80 | SFI, 0x00],
    p1: fileP1,
    p2Status: '6B00',
    p3: () => ({ lc: 1 + MAC }),
    // At least a byte and the MAC, at most the file and the MAC.
    length: (value, profile) => (value > MAC && value <= sizeOf(profile) + MAC ? undefined : '6700'),
    before: challenge,
  },
  {
    section: '7.1.3',
    name: 'VERIFY',
    header: [0x00, 0x20, 0x00, 0x00],
    p3: () => ({ lc: 2 }),
    length: exactly(2, 3, 4, 5, 6),
  },
  {
    section: '7.1.4',
    name: 'CHANGE PIN',
    header: [0x80, 0x5e, 0x01, 0x00],
    p1: (value) => value <= 0x01,
    p3: () => ({ lc: 5 }),
    // Below 5 bytes there cannot be two PINs: too short, or not a PIN. [ETC] 4.1.4 step 4
    length: (value) => (value >= 5 && value <= 13 ? undefined : value > 0 && value < 5 ? /^(6700|6A80)$/ : '6700'),
  },
  {
    section: '7.1.5',
    name: 'RELOAD PIN',
    header: [0x80, 0x5e, 0x00, 0x00],
    p1: (value) => value <= 0x01,
    p3: () => ({ lc: 2 + MAC }),
    // A PIN of 1 or 7 bytes: a wrong length, or not a PIN. [ETC] 4.1.5 step 2
    length: (value) => (value >= 6 && value <= 10 ? undefined : value === 5 || value === 11 ? /^(6700|6A80)$/ : '6700'),
  },
  {
    section: '7.1.6',
    name: 'PIN UNBLOCK',
    header: [0x84, 0x24, 0x00, 0x00],
    // P2 01 is that of an example. [FMCOS]
    p2: (value) => value <= 0x01,
    p3: () => ({ lc: 8 + MAC }),
    length: exactly(8 + MAC, 16 + MAC),
    before: challenge,
  },
  {
    section: '7.1.7',
    name: 'GET CHALLENGE',
    header: [0x00, 0x84, 0x00, 0x00],
    p3: () => ({ le: 4 }),
    length: exactly(4, 8),
  },
  {
    section: '7.1.8',
    name: 'APPLICATION BLOCK',
    header: [0x84, 0x1e, 0x00, 0x00],
    p2: (value) => value <= 0x01,
    ...blocking,
  },
  { section: '7.1.9', name: 'APPLICATION UNBLOCK', header: [0x84, 0x18, 0x00, 0x00], ...blocking },
  { section: '7.1.10', name: 'CARD BLOCK', header: [0x84, 0x16, 0x00, 0x00], ...blocking },
  {
    section: '7.1.11',
    name: 'GET RESPONSE',
    header: [0x00, 0xc0, 0x00, 0x00],
    p3: (profile) => ({ le: fciOf(profile) }),
    // Less than there is gives a part; more is answered with the right length, or refused. [ETC] 4.1.11 step 4
    length: (value, profile) => {
      const there = fciOf(profile)
      if (value === there) return undefined
      if (value > 0 && value < there) return new RegExp(`^61${hexByte(there - value)}$`)
      return new RegExp(`^(6C${hexByte(there)}|6700)$`)
    },
    before: (t) =>
      t.expect(
        t.raw(`00A40400${hexByte(t.profile.applications[0].name.length / 2)}${t.profile.applications[0].name}`),
        /^61/,
      ),
  },
  {
    section: '7.1.12',
    name: 'SELECT',
    header: [0x00, 0xa4, 0x04, 0x00],
    p1: (value) => value === 0x04,
    // The next of several of one name. [PBOC] 2
    p2: (value) => value === 0x00 || value === 0x02,
    p3: () => ({ lc: 9 }),
    length: (value) => (value >= 5 && value <= 16 ? undefined : '6700'),
  },
]

/** Every CLA but the right one. */
export function wrongClasses(row: ParameterRow, profile: PurseTestProfile): readonly WrongParameter[] {
  const [right, ins, p1, p2] = row.header
  return ALL.filter((cla) => cla !== right).map((cla) => ({
    command: withP3(row, profile, [cla, ins, p1, p2]),
    status: '6E00',
  }))
}

/** Every P1 that is not defined. */
export function wrongP1(row: ParameterRow, profile: PurseTestProfile): readonly WrongParameter[] {
  const [cla, ins, right, p2] = row.header
  const defined = row.p1 ?? ((value: number) => value === right)
  // SELECT by file identifier, where the card serves it.
  const served = row.name === 'SELECT' && profile.behaviour.selectByFid === 'serve'
  return ALL.filter((p1) => !defined(p1) && !(served && p1 === 0)).map((p1) => ({
    command: withP3(row, profile, [cla, ins, p1, p2]),
    status: '6A86',
  }))
}

/** Every P2 that is not defined; of files every offset behind the end. */
export function wrongP2(row: ParameterRow, profile: PurseTestProfile): readonly WrongParameter[] {
  const [cla, ins, p1, right] = row.header
  const isOffset = row.p2Status !== undefined
  const defined = isOffset
    ? (value: number) => value < sizeOf(profile)
    : (row.p2 ?? ((value: number) => value === right))
  return ALL.filter((p2) => !defined(p2)).map((p2) => ({
    command: withP3(row, profile, [cla, ins, p1, p2]),
    status: row.p2Status ?? '6A86',
  }))
}

/** Every length that is not accepted. */
export function wrongP3(row: ParameterRow, profile: PurseTestProfile, protocol: Protocol): readonly WrongParameter[] {
  const withData = 'lc' in row.p3(profile)
  return ALL.flatMap((value) => {
    const status = row.length(value, profile, protocol)
    if (status === undefined) return []
    return [{ command: Uint8Array.of(...row.header, value, ...(withData ? dataOf(value) : [])), status }]
  })
}

function withP3(row: ParameterRow, profile: PurseTestProfile, header: readonly number[]): Uint8Array {
  const p3 = row.p3(profile)
  return 'le' in p3 ? Uint8Array.of(...header, p3.le) : Uint8Array.of(...header, p3.lc, ...dataOf(p3.lc))
}

/** Data that mean nothing. */
function dataOf(length: number): number[] {
  return Array.from({ length }, () => 0x11)
}

function hexByte(value: number): string {
  return toHex(Uint8Array.of(value))
}

/** Instructions that a card of this kind may know, in whichever class: they are left alone. [PBOC] 2, [FMCOS] */
const KNOWN: readonly number[] = [
  0x16, 0x18, 0x1e, 0x20, 0x24, 0x50, 0x52, 0x54, 0x58, 0x5a, 0x5c, 0x5e, 0x7a, 0x7c, 0x7e, 0x82, 0x84, 0x88, 0xa4,
  0xb0, 0xb2, 0xc0, 0xca, 0xd6, 0xdc, 0xe2,
]

/** Every instruction that the card does not know, in the two classes of the application. */
export function unknownInstructions(): readonly WrongParameter[] {
  return [0x00, 0x80].flatMap((cla) =>
    ALL.filter((ins) => !KNOWN.includes(ins)).map((ins) => ({
      command: Uint8Array.of(cla, ins, 0x00, 0x00, 0x00),
      status: '6D00',
    })),
  )
}
