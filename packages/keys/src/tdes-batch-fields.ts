/**
 * Flat records: where the values of a batch lie, and how they come into a kernel's memory and back.
 *
 * A batch has no objects. A field is an array of bytes, the offset of the first record's value in it, and the distance
 * to the next one's (the stride): fields may lie in arrays of their own or side by side in records, in an array over
 * shared memory too. A stride of 0 means one value for all records.
 *
 * One copy takes the stretch of memory that holds the field of all lanes; the kernel picks the values out of it by the
 * same stride. Only where that stretch would not fit, or the values are needed in another place, they are copied one by
 * one.
 */
import { IssuerkitError } from '@issuerkit/apdu'
import { expectByteArray } from './expect.js'
import type { Kernel } from './tdes-batch-kernel.js'

/** Where a value of each record lies. */
export interface RecordField {
  readonly bytes: Uint8Array
  /** Of the first record's value; 0 by default. */
  readonly offset?: number
  /** From one value to the next; the length of a value by default, 0 for one value that serves all records. */
  readonly stride?: number
}

/** A field whose values lie within its bytes. */
export interface Column {
  readonly bytes: Uint8Array
  readonly offset: number
  readonly stride: number
  readonly length: number
}

/** Which records a kernel works on: as many as it has lanes, or fewer. */
export interface Lanes {
  readonly first: number
  readonly count: number
}

/** Values in the memory of a kernel. */
export interface Staged {
  readonly address: number
  readonly stride: number
}

/**
 * A number that counts records or bytes.
 * @throws ERR_OPTION when it is not a whole number from `least`
 */
export function expectCount(value: number, label: string, least = 0): number {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new IssuerkitError('ERR_OPTION', { label, expected: `a whole number from ${least}`, got: String(value) })
  }
  return value
}

/**
 * A field of `count` values of `length` bytes.
 * @throws ERR_LENGTH when a value would lie outside the bytes; ERR_OPTION when offset or stride are no whole numbers,
 *   or
 *   values overlap
 */
export function expectColumn(field: RecordField, length: number, count: number, label: string): Column {
  const bytes = expectByteArray(field.bytes, label)
  const offset = expectCount(field.offset ?? 0, `offset of ${label}`)
  const stride = expectCount(field.stride ?? length, `stride of ${label}`)
  if (stride !== 0 && stride < length) {
    const expected = `0, or ${length} and more`
    throw new IssuerkitError('ERR_OPTION', { label: `stride of ${label}`, expected, got: String(stride) })
  }
  const end = offset + (count - 1) * stride + length
  if (count > 0 && end > bytes.length) {
    throw new IssuerkitError('ERR_LENGTH', { label, expected: `${end} bytes`, got: `${bytes.length} bytes` })
  }
  return { bytes, offset, stride, length }
}

/**
 * The same for a field that is written.
 * @throws ERR_LENGTH; ERR_OPTION also when all records would have one place
 */
export function expectOutput(field: RecordField, length: number, count: number, label: string): Column {
  const column = expectColumn(field, length, count, label)
  if (column.stride === 0 && count > 1) {
    throw new IssuerkitError('ERR_OPTION', { label: `stride of ${label}`, expected: `${length} and more`, got: '0' })
  }
  return column
}

/** One value for all records. */
export function sharedColumn(bytes: Uint8Array): Column {
  return { bytes, offset: 0, stride: 0, length: bytes.length }
}

/** The value of one record, not copied. */
export function recordValue({ bytes, offset, stride, length }: Column, record: number): Uint8Array {
  const at = offset + record * stride
  return bytes.subarray(at, at + length)
}

/** A column whose values of these records, in this order, have been copied into an array of their own. */
export function gather(column: Column, records: readonly number[]): Column {
  const bytes = new Uint8Array(records.length * column.length)
  records.forEach((record, n) => {
    bytes.set(recordValue(column, record), n * column.length)
  })
  return { bytes, offset: 0, stride: column.length, length: column.length }
}

/** What a kernel's memory holds of records at once, in bytes for each lane. */
export function roomOf({ bytes, records, lanes }: Kernel): number {
  return Math.floor((bytes.length - records) / lanes)
}

/**
 * The lanes' values, or a part of each, in the kernel's memory.
 * @param from the first byte of the part
 * @param length the bytes of the part
 * @param room bytes that each lane is to have there for itself, at most {@link roomOf}; 0 when it is only read
 */
export function stage(
  kernel: Kernel,
  column: Column,
  { first, count }: Lanes,
  from: number,
  length: number,
  room = 0,
): Staged {
  const { bytes, stride } = column
  const address = kernel.records
  const start = column.offset + first * stride + from
  // A block that is read may go up to seven bytes beyond the value.
  if (stride >= room && stride + 8 <= roomOf(kernel) && length <= stride + 8) {
    kernel.bytes.set(bytes.subarray(start, start + (count - 1) * stride + length), address)
    return { address, stride }
  }
  if (stride === 0 && room === 0) {
    kernel.bytes.set(bytes.subarray(start, start + length), address)
    return { address, stride }
  }
  const packed = Math.max(room, 8 * Math.ceil(length / 8))
  for (let lane = 0; lane < count; lane++) {
    const at = start + lane * stride
    kernel.bytes.set(bytes.subarray(at, at + length), address + lane * packed)
  }
  return { address, stride: packed }
}

/** Short values put together to one block of 8 bytes for each lane, zeros where there is none. */
export function stageBlock(
  kernel: Kernel,
  lanes: Lanes,
  parts: readonly { readonly at: number; readonly column: Column }[],
): Staged {
  const address = kernel.records
  kernel.bytes.fill(0, address, address + 8 * kernel.lanes)
  for (const { at, column } of parts) {
    for (let lane = 0; lane < lanes.count; lane++) {
      const from = column.offset + (lanes.first + lane) * column.stride
      for (let n = 0; n < column.length; n++) {
        kernel.bytes[address + 8 * lane + at + n] = column.bytes[from + n] as number
      }
    }
  }
  return { address, stride: 8 }
}

/** Values from the kernel's memory into the lanes' records; `length` bytes from the byte `from` of each value. */
export function unstage(
  kernel: Kernel,
  { address, stride }: Staged,
  column: Column,
  { first, count }: Lanes,
  from = 0,
  length = column.length,
): void {
  const start = column.offset + first * column.stride + from
  if (stride === length && column.stride === length) {
    column.bytes.set(kernel.bytes.subarray(address, address + count * length), start)
    return
  }
  if (length > 32) {
    for (let lane = 0; lane < count; lane++) {
      const at = address + lane * stride
      column.bytes.set(kernel.bytes.subarray(at, at + length), start + lane * column.stride)
    }
    return
  }
  const begin = column.bytes.byteOffset + start
  if (((begin | column.stride | address | stride | length) & 3) === 0) {
    // Four bytes at a time where everything lies well: a batch has its 1,024 bytes of MACs written in a quarter of the
    // time.
    const words = new Int32Array(column.bytes.buffer, begin, ((count - 1) * column.stride + length) / 4)
    copyEach(kernel.words, address / 4, stride / 4, words, 0, column.stride / 4, length / 4, count)
  } else {
    copyEach(kernel.bytes, address, stride, column.bytes, start, column.stride, length, count)
  }
}

/** `count` short values of `length` elements, one by one: for these a loop is faster than a call for each. */
function copyEach(
  from: Uint8Array | Int32Array,
  fromFirst: number,
  fromStride: number,
  to: Uint8Array | Int32Array,
  toFirst: number,
  toStride: number,
  length: number,
  count: number,
): void {
  for (let lane = 0; lane < count; lane++) {
    const [at, place] = [fromFirst + lane * fromStride, toFirst + lane * toStride]
    for (let n = 0; n < length; n++) to[place + n] = from[at + n] as number
  }
}
