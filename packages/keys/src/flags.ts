/**
 * Decoding of result bytes (CVR, TVR, TSI ...) into named bits. A table says what each bit means; this file only reads it.
 *
 * The same thing has the same name in every table (`scriptFailed`, `lastOnlineTransactionNotCompleted` ...), so that a
 * rule over names holds for every payment system that has the bit.
 */
import { expectLength, IssuerkitError } from '@issuerkit/apdu'

/** One bit: byte from 1, bit 8 (most significant) to 1, its name, what it says when set. */
export type FlagRow = readonly [byte: number, bit: number, name: string, text: string]

/** Several bits that form one value: byte, highest and lowest bit, name, and the names of its values if it has any. */
export interface FieldRow {
  readonly byte: number
  readonly high: number
  readonly low: number
  readonly name: string
  /** The names of the values; a value without one is shown as its number. None: the field is a number. */
  readonly values?: Readonly<Record<number, string>>
}

/** The meaning of all bits of one data element. Bits in no row are reserved. */
export interface FlagTable {
  readonly name: string
  /** Bytes of the data element. */
  readonly length: number
  readonly flags: readonly FlagRow[]
  readonly fields: readonly FieldRow[]
}

/** A bit that is set. */
export interface SetFlag {
  readonly name: string
  readonly byte: number
  readonly bit: number
  readonly text: string
}

/** What a data element says. */
export interface DecodedFlags {
  /** The name of the table: `tvr`, `cvr-vis` ... */
  readonly table: string
  readonly bytes: Uint8Array
  /** The named bits that are set, in the order of the table. */
  readonly set: readonly SetFlag[]
  /** The values of the fields by name: a number, or the name of the value. */
  readonly values: Readonly<Record<string, number | string>>
  /** Bits that are set although the table gives them no meaning. */
  readonly reserved: readonly { readonly byte: number; readonly bit: number }[]
}

/**
 * The named bits and fields of a data element.
 * @param bytes exactly as many as the table describes
 * @throws ERR_LENGTH when there are more or fewer
 */
export function decodeFlags(table: FlagTable, bytes: Uint8Array): DecodedFlags {
  expectLength(bytes, table.length, table.name)
  const isSet = (byte: number, bit: number): boolean => (((bytes[byte - 1] as number) >> (bit - 1)) & 1) === 1
  const known = Array.from(bytes, () => 0)
  const mark = (byte: number, mask: number): void => {
    known[byte - 1] = (known[byte - 1] as number) | mask
  }
  const set: SetFlag[] = []
  for (const [byte, bit, name, text] of table.flags) {
    mark(byte, 1 << (bit - 1))
    if (isSet(byte, bit)) set.push({ name, byte, bit, text })
  }
  const values: Record<string, number | string> = {}
  for (const { byte, high, low, name, values: names } of table.fields) {
    const mask = (1 << (high - low + 1)) - 1
    mark(byte, mask << (low - 1))
    const value = ((bytes[byte - 1] as number) >> (low - 1)) & mask
    values[name] = names?.[value] ?? value
  }
  const reserved = known.flatMap((mask, i) =>
    [8, 7, 6, 5, 4, 3, 2, 1]
      .filter((bit) => isSet(i + 1, bit) && ((mask >> (bit - 1)) & 1) === 0)
      .map((bit) => ({ byte: i + 1, bit })),
  )
  return { table: table.name, bytes, set, values, reserved }
}

/** Whether a named bit is set. */
export function hasFlag(decoded: DecodedFlags, name: string): boolean {
  return decoded.set.some((flag) => flag.name === name)
}

/**
 * The names, checked: each is a flag of at least one of the tables. A misspelt name in a policy would never fire.
 * @throws ERR_OPTION when a name is in no table
 */
export function expectFlagNames(names: readonly string[], tables: readonly FlagTable[], label: string): void {
  for (const name of names) {
    if (!tables.some((table) => table.flags.some((row) => row[2] === name))) {
      throw new IssuerkitError('ERR_OPTION', { label, expected: 'the name of a flag', got: JSON.stringify(name) })
    }
  }
}
