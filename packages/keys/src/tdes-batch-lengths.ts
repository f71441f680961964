/**
 * Messages of different lengths in one batch. All lanes of a kernel take the same steps, so they need the same number
 * of blocks: messages are padded here and put together with those that have as many blocks, a few thousand records at a
 * time. Padded with method 2 they are whole blocks, to which method 1 adds nothing.
 */
import { IssuerkitError } from '@issuerkit/apdu'
import { type PaddingMethod, pad } from './padding.js'
import { type Column, expectColumn, expectCount, gather, type RecordField, recordValue } from './tdes-batch-fields.js'
import { blocksOf } from './tdes-batch-sliced-messages.js'

/** Bytes of a message: the same for all records, or a list of one for each. */
export type MessageLengths = number | ArrayLike<number>

/** Records with messages of one length each. */
export interface MessageBatch {
  readonly count: number
  /** What belongs to the messages, keys for example; a group has those of its records. */
  readonly columns: readonly Column[]
  readonly messages: RecordField
  readonly length: MessageLengths
  readonly padding: PaddingMethod
  readonly out: Column
}

/** Records whose messages all have the same length. */
export interface MessageGroup {
  readonly count: number
  readonly columns: readonly Column[]
  readonly messages: Column
  readonly padding: PaddingMethod
  readonly out: Column
}

/** Records that are sorted at a time: enough to fill the lanes, few enough to need little memory. */
const SORTED_AT_ONCE = 8192
/** Bytes of messages that are copied for a group at a time. */
const MOST_COPIED = 1 << 20

/**
 * A padding method.
 * @throws ERR_PADDING when it is not 1 or 2
 */
export function expectPadding(padding: PaddingMethod): PaddingMethod {
  pad(new Uint8Array(0), padding, 8)
  return padding
}

/**
 * Runs `run` for the batch as it is when all lengths are the same, else for groups of records copied together.
 * @throws ERR_LENGTH when a message would lie outside its bytes; ERR_OPTION when a length is no whole number, or there
 *   are not as many as records
 */
export function byBlocks(batch: MessageBatch, run: (group: MessageGroup) => void): void {
  const { count, columns, messages, length, padding, out } = batch
  if (typeof length === 'number') {
    const column = expectColumn(messages, expectCount(length, 'length'), count, 'messages')
    run({ count, columns, messages: column, padding, out })
    return
  }
  if (length.length !== count) {
    throw new IssuerkitError('ERR_OPTION', { label: 'length', expected: `${count} numbers`, got: `${length.length}` })
  }
  let longest = 0
  for (let n = 0; n < count; n++)
    longest = Math.max(longest, expectCount(length[n] as number, `length of message ${n}`))
  const column = expectColumn(messages, longest, count, 'messages')
  for (let first = 0; first < count; first += SORTED_AT_ONCE) {
    const groups = new Map<number, number[]>()
    for (let n = first; n < Math.min(count, first + SORTED_AT_ONCE); n++) {
      const blocks = blocksOf(length[n] as number, padding)
      const group = groups.get(blocks)
      if (group === undefined) groups.set(blocks, [n])
      else group.push(n)
    }
    for (const [blocks, records] of groups) {
      const most = Math.max(1, Math.floor(MOST_COPIED / (8 * blocks)))
      for (let n = 0; n < records.length; n += most) {
        runGroup(batch, column, length, records.slice(n, n + most), 8 * blocks, run)
      }
    }
  }
}

function runGroup(
  { columns, padding, out }: MessageBatch,
  messages: Column,
  lengths: ArrayLike<number>,
  records: readonly number[],
  padded: number,
  run: (group: MessageGroup) => void,
): void {
  const count = records.length
  const packed = (length: number) => ({ bytes: new Uint8Array(count * length), offset: 0, stride: length, length })
  const [data, macs] = [packed(padded), packed(out.length)]
  const gathered = columns.map((column) => gather(column, records))
  records.forEach((record, n) => {
    const length = lengths[record] as number
    data.bytes.set(pad(recordValue({ ...messages, length }, record), padding, 8), n * padded)
  })
  try {
    run({ count, columns: gathered, messages: data, padding: 1, out: macs })
  } finally {
    for (const { bytes } of [data, ...gathered]) bytes.fill(0)
  }
  records.forEach((record, n) => {
    recordValue(out, record).set(recordValue(macs, n))
  })
}
