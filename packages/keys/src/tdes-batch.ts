/**
 * TDES for many cards at once: ICC master keys, session keys, MACs and enciphering over flat records.
 *
 * Each function does for `count` records what its namesake for one card does, and writes what it finds into records: no
 * objects, no hexadecimal, nothing allocated for a record. A {@link RecordField} says where the values of a field lie.
 * From about 14 records on a bitsliced engine does the work for 128 cards at once (tdes-batch-kernel.ts explains the
 * idea); below that, the single engine. `constantTime` sends everything through the first. All engines give the same
 * bytes.
 *
 * Keys are fields like others, 16 bytes, parity bits ignored; zeroing them is the caller's business. Everything is
 * checked before the first byte is written. Outputs may lie over inputs of the same record.
 * @see tdes-batch-scripts.ts for a script's MAC and a PIN change in one go
 */
import { IssuerkitError } from '@issuerkit/apdu'
import type { Direction } from './backend.js'
import type { KeyPurpose, TdesKey } from './key.js'
import { expectMacLength } from './mac.js'
import type { PaddingMethod } from './padding.js'
import { expectParity, type Parity } from './parity.js'
import { tableDes } from './tdes.js'
import {
  type Column,
  expectColumn,
  expectCount,
  expectOutput,
  type RecordField,
  recordValue,
  sharedColumn,
} from './tdes-batch-fields.js'
import { byBlocks, expectPadding, type MessageLengths } from './tdes-batch-lengths.js'
import { type BatchOptions, runBatch } from './tdes-batch-run.js'
import { type BatchSession, SESSION_PARITY, sessionColumns } from './tdes-batch-session.js'
import { deriveSingle, macSingle, sessionSingle } from './tdes-batch-single.js'
import { deriveSliced, sessionSliced } from './tdes-batch-sliced-keys.js'
import { cipherSliced, macSliced } from './tdes-batch-sliced-messages.js'
import { ALL_LANES, KEYS, loadKeys, storeKeys, twoKey } from './tdes-batch-slices.js'

export type { RecordField } from './tdes-batch-fields.js'
export type { MessageLengths } from './tdes-batch-lengths.js'
export type { BatchOptions } from './tdes-batch-run.js'
export type { BatchSession } from './tdes-batch-session.js'

/** Records whose ICC master keys are wanted. */
export interface IccMasterKeyBatch {
  readonly count: number
  /** Y, 8 bytes: by option A the rightmost 16 digits of PAN and sequence number, by option B those of the hash. */
  readonly y: RecordField
  /** Takes the keys, 16 bytes. */
  readonly out: RecordField
  /** The parity bits of the keys, `odd` by default. */
  readonly parity?: Parity
}

/**
 * ICC master keys: TDES(IMK)[Y] ‖ TDES(IMK)[NOT Y].
 * @throws ERR_LENGTH when a field does not fit its bytes; ERR_OPTION for a number, parity or engine; ERR_KEY_DESTROYED
 * @see [EMV-B2] A1.4, deriveIccMasterKey
 */
export function deriveIccMasterKeys(
  imk: TdesKey<'issuer', KeyPurpose>,
  { count, y, out, parity = 'odd' }: IccMasterKeyBatch,
  options: BatchOptions = {},
): void {
  expectCount(count, 'count')
  const key = imk.expose()
  const isOdd = expectParity(parity) === 'odd'
  const [yColumn, outColumn] = [expectColumn(y, 8, count, 'y'), expectOutput(out, 16, count, 'out')]
  runBatch(count, options, {
    prepare: (kernel) => loadKeys(kernel, sharedColumn(key), ALL_LANES, KEYS.master),
    sliced(kernel, lanes) {
      deriveSliced(kernel, KEYS.master, yColumn, lanes)
      storeKeys(kernel, outColumn, lanes, isOdd)
    },
    single: (n) => recordValue(outColumn, n).set(deriveSingle(key, recordValue(yColumn, n), isOdd)),
  })
}

/** Records whose session keys are wanted. */
export interface SessionKeyBatch {
  readonly count: number
  /** ICC master keys, 16 bytes. */
  readonly keys: RecordField
  readonly session: BatchSession
  /** Takes the keys, 16 bytes. */
  readonly out: RecordField
  /** The parity bits of the keys: as the method has them unless given. */
  readonly parity?: Parity
}

/**
 * Session keys by any of the TDES methods.
 * @throws ERR_LENGTH when a field does not fit its bytes; ERR_OPTION for a number, method, parity or engine
 * @see [EMV-B2] A1.3, deriveSessionKey
 */
export function deriveSessionKeys(
  { count, keys, session, out, parity }: SessionKeyBatch,
  options: BatchOptions = {},
): void {
  expectCount(count, 'count')
  const columns = sessionColumns(session, count)
  const isOdd = expectParity(parity ?? SESSION_PARITY[session.method]) === 'odd'
  const [keyColumn, outColumn] = [expectColumn(keys, 16, count, 'keys'), expectOutput(out, 16, count, 'out')]
  runBatch(count, options, {
    sliced(kernel, lanes) {
      loadKeys(kernel, keyColumn, lanes, KEYS.icc)
      sessionSliced(kernel, KEYS.icc, columns, lanes)
      storeKeys(kernel, outColumn, lanes, isOdd)
    },
    single: (n) => recordValue(outColumn, n).set(sessionSingle(recordValue(keyColumn, n), columns, n, isOdd)),
  })
}

/** Messages to be authenticated. */
export interface MacBatch {
  readonly count: number
  /** MAC keys, 16 bytes. */
  readonly keys: RecordField
  readonly messages: RecordField
  /** Bytes of a message: a number for all of them, or one for each. */
  readonly length: MessageLengths
  /** Takes the MACs. */
  readonly out: RecordField
  /** Bytes of a MAC, 4 to 8; 8 by default. */
  readonly macLength?: number
  /** 2 by default. */
  readonly padding?: PaddingMethod
}

/**
 * MACs of algorithm 3, with one key for each record.
 *
 * With different lengths, `stride` of the messages is the distance of their beginnings, at least the greatest length.
 * @throws ERR_LENGTH when a field does not fit its bytes; ERR_MAC_LENGTH, ERR_PADDING; ERR_OPTION for a number or
 *   engine
 * @see [ISO9797-1] 7.3, macAlgorithm3
 */
export function macsAlgorithm3(batch: MacBatch, options: BatchOptions = {}): void {
  const { count, keys, messages, length, out, macLength = 8, padding = 2 } = batch
  expectCount(count, 'count')
  expectPadding(padding)
  const keyColumn = expectColumn(keys, 16, count, 'keys')
  const macs = expectOutput(out, expectMacLength(macLength), count, 'out')
  byBlocks({ count, columns: [keyColumn], messages, length, padding, out: macs }, (group) => {
    const [key, data] = [group.columns[0] as Column, group.messages]
    runBatch(group.count, options, {
      sliced(kernel, lanes) {
        loadKeys(kernel, key, lanes, KEYS.session)
        macSliced(kernel, KEYS.session, data, group.padding, group.out, lanes)
      },
      single: (n) => macSingle(recordValue(key, n), recordValue(data, n), group.padding, recordValue(group.out, n)),
    })
  })
}

/** Data to be enciphered or deciphered. */
export interface CipherBatch {
  readonly count: number
  /** 16 bytes. */
  readonly keys: RecordField
  readonly data: RecordField
  /** Bytes of a record's data: whole blocks of 8. */
  readonly length: number
  readonly mode: 'ecb' | 'cbc'
  /** The initial values of CBC mode, 8 bytes; zeros by default. */
  readonly iv?: RecordField
  /** Takes as many bytes. */
  readonly out: RecordField
}

/**
 * Whole blocks enciphered with two-key TDES, with one key for each record.
 * @throws ERR_LENGTH when the data are no whole blocks, or none, or a field does not fit its bytes; ERR_OPTION for a
 *   number, mode or engine, or an IV with ECB
 * @see [EMV-B2] A1.1, encipherBlocks
 */
export function encipherRecords(batch: CipherBatch, options: BatchOptions = {}): void {
  cipherRecords('encrypt', batch, options)
}

/** The inverse of {@link encipherRecords}, with the same errors. */
export function decipherRecords(batch: CipherBatch, options: BatchOptions = {}): void {
  cipherRecords('decrypt', batch, options)
}

function cipherRecords(direction: Direction, batch: CipherBatch, options: BatchOptions): void {
  const { count, keys, data, length, out } = batch
  expectCount(count, 'count')
  const ivColumn = expectMode(batch)
  if (expectCount(length, 'length') === 0 || length % 8 !== 0) {
    throw new IssuerkitError('ERR_LENGTH', {
      label: 'data',
      expected: 'whole blocks of 8 bytes',
      got: `${length} bytes`,
    })
  }
  const keyColumn = expectColumn(keys, 16, count, 'keys')
  const dataColumn = expectColumn(data, length, count, 'data')
  const outColumn = expectOutput(out, length, count, 'out')
  runBatch(count, options, {
    sliced(kernel, lanes) {
      loadKeys(kernel, keyColumn, lanes, KEYS.session)
      cipherSliced(kernel, twoKey(KEYS.session), { direction, iv: ivColumn }, dataColumn, outColumn, lanes)
    },
    single(n) {
      const iv = ivColumn && recordValue(ivColumn, n)
      recordValue(outColumn, n).set(tableDes(direction, recordValue(keyColumn, n), recordValue(dataColumn, n), iv))
    },
  })
}

/** The field of initial values, undefined in ECB mode. */
export function expectMode({ mode, iv, count }: Pick<CipherBatch, 'mode' | 'iv' | 'count'>): Column | undefined {
  if (mode === 'cbc') return expectColumn(iv ?? { bytes: new Uint8Array(8), stride: 0 }, 8, count, 'iv')
  if (mode !== 'ecb') {
    throw new IssuerkitError('ERR_OPTION', { label: 'mode', expected: 'ecb or cbc', got: String(mode) })
  }
  if (iv !== undefined) throw new IssuerkitError('ERR_OPTION', { label: 'iv', expected: 'none in ECB mode' })
  return undefined
}
