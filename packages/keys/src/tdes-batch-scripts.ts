/**
 * Issuer scripts for many cards at once, from the issuer master keys: what tdes-batch.ts does step by step, here in one
 * go. The ICC master key and the session key of a card stay slices from their derivation to their use; they are never
 * written out as bytes, and what is zeroed behind a batch is all there was of them.
 * @see [EMV-B2] 9.2 (integrity), 9.3 (confidentiality), A1.3, A1.4
 */
import { IssuerkitError } from '@issuerkit/apdu'
import type { TdesKey } from './key.js'
import { expectMacLength } from './mac.js'
import type { PaddingMethod } from './padding.js'
import { tableDes } from './tdes.js'
import { expectMode } from './tdes-batch.js'
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
import { type BatchSession, columnsOf, sessionColumns, withColumns } from './tdes-batch-session.js'
import { derivedSessionSingle, macSingle } from './tdes-batch-single.js'
import { derivedSessionSliced } from './tdes-batch-sliced-keys.js'
import { macSliced, protectSliced } from './tdes-batch-sliced-messages.js'
import { ALL_LANES, KEYS, loadKeys } from './tdes-batch-slices.js'

/** What is the same in both: the cards, their session keys, how the MAC is formed. */
export interface ScriptBatch {
  readonly count: number
  /** Y of the card, 8 bytes; see {@link IccMasterKeyBatch}. */
  readonly y: RecordField
  /** For scripts of EMV the diversification value is the application cryptogram. */
  readonly session: BatchSession
  /** Takes the MACs. */
  readonly mac: RecordField
  /** Bytes of a MAC, 4 to 8; 8 by default. */
  readonly macLength?: number
  /** 2 by default. */
  readonly padding?: PaddingMethod
}

/** Messages of issuer scripts. */
export interface ScriptMacBatch extends ScriptBatch {
  /** What the MAC is over, without its padding. */
  readonly messages: RecordField
  /** Bytes of a message: a number for all of them, or one for each. */
  readonly length: MessageLengths
}

/**
 * MACs of script commands: ICC master key, session key, algorithm 3.
 * @throws ERR_LENGTH when a field does not fit its bytes; ERR_MAC_LENGTH, ERR_PADDING, ERR_KEY_DESTROYED; ERR_OPTION
 *   for a
 *   number, method or engine
 * @see [EMV-B2] 9.2.1
 */
export function scriptMacs(imk: TdesKey<'issuer', 'MAC'>, batch: ScriptMacBatch, options: BatchOptions = {}): void {
  const { count, messages, length } = batch
  const { y, session, mac, padding } = expectScript(batch)
  const key = imk.expose()
  const columns = [y, ...columnsOf(session)]
  byBlocks({ count, columns, messages, length, padding, out: mac }, (group) => {
    const [cards, ...rest] = group.columns as [Column, ...Column[]]
    const method = withColumns(session, rest)
    runBatch(group.count, options, {
      prepare: (kernel) => loadKeys(kernel, sharedColumn(key), ALL_LANES, KEYS.master),
      sliced(kernel, lanes) {
        derivedSessionSliced(kernel, KEYS.master, cards, method, lanes, KEYS.session)
        macSliced(kernel, KEYS.session, group.messages, group.padding, group.out, lanes)
      },
      single(n) {
        const sessionKey = derivedSessionSingle(key, cards, method, n)
        macSingle(sessionKey, recordValue(group.messages, n), group.padding, recordValue(group.out, n))
        sessionKey.fill(0)
      },
    })
  })
}

/** PIN changes, or other script commands with enciphered data. */
export interface PinChangeBatch extends ScriptBatch {
  /**
   * What the MAC is over before the enciphered data: command header, ATC, application cryptogram, as the scheme has
   * it.
   */
  readonly header: RecordField
  readonly headerLength: number
  /** What is enciphered: the PIN block with its length byte and padding, as the scheme has it. */
  readonly data: RecordField
  /** Whole blocks of 8 bytes; 16 for most. */
  readonly dataLength: number
  /** `ecb` by default; `cbc` with an initial value of zeros. */
  readonly mode?: 'ecb' | 'cbc'
  /** Takes the enciphered data, as long as the data. */
  readonly enciphered: RecordField
}

/** Most bytes under the MAC of a PIN change: far more than a command can carry. */
const MOST_PROTECTED = 512

/**
 * PIN changes: two ICC master keys and session keys for each card, one for enciphering and one for the MAC; the data
 * enciphered; the MAC over header ‖ enciphered data.
 * @throws ERR_LENGTH when a field does not fit its bytes, the data are no whole blocks, or header and data have more
 *   than
 *   512 bytes; ERR_MAC_LENGTH, ERR_PADDING, ERR_KEY_DESTROYED; ERR_OPTION for a number, method, mode or engine
 * @see [EMV-B2] 9.2.1, 9.3.1
 */
export function pinChanges(
  imkEnc: TdesKey<'issuer', 'ENC'>,
  imkMac: TdesKey<'issuer', 'MAC'>,
  batch: PinChangeBatch,
  options: BatchOptions = {},
): void {
  const { count, headerLength, dataLength, mode = 'ecb' } = batch
  const { y, session, mac, padding } = expectScript(batch)
  const [encKey, macKey] = [imkEnc.expose(), imkMac.expose()]
  const iv = expectMode({ mode, count })
  const header = expectColumn(batch.header, expectCount(headerLength, 'headerLength'), count, 'header')
  const length = expectDataLength(dataLength, headerLength)
  const data = expectColumn(batch.data, length, count, 'data')
  const enciphered = expectOutput(batch.enciphered, length, count, 'enciphered')
  runBatch(count, options, {
    prepare(kernel) {
      loadKeys(kernel, sharedColumn(encKey), ALL_LANES, KEYS.master)
      loadKeys(kernel, sharedColumn(macKey), ALL_LANES, KEYS.masterToo)
    },
    sliced(kernel, lanes) {
      derivedSessionSliced(kernel, KEYS.master, y, session, lanes, KEYS.sessionToo)
      derivedSessionSliced(kernel, KEYS.masterToo, y, session, lanes, KEYS.session)
      const message = { header, data, cipher: { direction: 'encrypt', iv }, padding, enciphered, mac } as const
      protectSliced(kernel, KEYS.sessionToo, KEYS.session, message, lanes)
    },
    single(n) {
      const encSession = derivedSessionSingle(encKey, y, session, n)
      const macSession = derivedSessionSingle(macKey, y, session, n)
      const message = new Uint8Array(headerLength + length)
      message.set(recordValue(header, n))
      message.set(tableDes('encrypt', encSession, recordValue(data, n), iv && recordValue(iv, n)), headerLength)
      recordValue(enciphered, n).set(message.subarray(headerLength))
      macSingle(macSession, message, padding, recordValue(mac, n))
      encSession.fill(0)
      macSession.fill(0)
    },
  })
}

function expectScript({ count, y, session, mac, macLength = 8, padding = 2 }: ScriptBatch) {
  expectCount(count, 'count')
  return {
    y: expectColumn(y, 8, count, 'y'),
    session: sessionColumns(session, count),
    mac: expectOutput(mac, expectMacLength(macLength), count, 'mac'),
    padding: expectPadding(padding),
  }
}

function expectDataLength(length: number, headerLength: number): number {
  if (expectCount(length, 'dataLength') === 0 || length % 8 !== 0 || headerLength + length > MOST_PROTECTED) {
    const expected = `whole blocks of 8 bytes, with the header at most ${MOST_PROTECTED} bytes`
    throw new IssuerkitError('ERR_LENGTH', { label: 'data', expected, got: `${length} bytes` })
  }
  return length
}
