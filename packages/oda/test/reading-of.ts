/** The good card of the forge as a reading session found it. */
import { type CardReading, type CardRecord, concat, encodeTlv, fromHex, parseAfl } from '@issuerkit/apdu'
import { CaKeyStore, createCaKey } from '../src/index.js'
import { caKey, RID, tagsWith } from './card.js'
import { STATIC_DATA } from './forge.js'

/** A store with the forge's CA key as a live key, which may have an expiry. */
export function storeOf(expiry?: string): CaKeyStore {
  const store = new CaKeyStore()
  store.add('live', createCaKey({ ...caKey, ...(expiry === undefined ? {} : { expiry }) }))
  return store
}

/** SFI 2 record 1 is signed; the other tags stand in unsigned records of SFI 3, one tag each. */
export function readingOf(
  changes: Readonly<Record<string, string | undefined>> = {},
  more: Partial<CardReading> = {},
): CardReading {
  const unsigned = [...tagsWith({ ...changes, '5A': undefined })]
  const records: CardRecord[] = unsigned.map(([tag, value], i) => ({
    sfi: 3,
    record: i + 1,
    data: encodeTlv('70', encodeTlv(tag, value)),
  }))
  const signed = encodeTlv('70', fromHex(STATIC_DATA.slice(0, -4)))
  const last = records.length
  return {
    aid: fromHex(`${RID}0101`),
    aip: fromHex('7C00'),
    afl: parseAfl(concat(fromHex('10010101'), Uint8Array.of(0x18, 1, last, 0))),
    records: [{ sfi: 2, record: 1, data: signed }, ...records],
    missing: [],
    duplicates: [],
    outside: [],
    others: [],
    ...more,
  }
}
