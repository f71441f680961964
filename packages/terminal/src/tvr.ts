/**
 * The terminal's two result registers while a transaction runs: TVR (95) and TSI (9B), bit by bit by the names of their
 * tables.
 * @see [EMV-B3] C5 (TVR), C6 (TSI)
 */
import { expectLength, IssuerkitError } from '@issuerkit/apdu'
import { type FlagTable, TSI, TVR } from '@issuerkit/keys'

/** The registers, 5 and 2 bytes. The bytes handed out are copies. */
export interface ResultBits {
  readonly tvr: () => Uint8Array
  readonly tsi: () => Uint8Array
  /** Sets a bit of the TVR by its name in the table. @throws ERR_OPTION when the table has no such name */
  readonly setTvr: (name: string) => void
  /** Sets a bit of the TSI by its name in the table. @throws ERR_OPTION when the table has no such name */
  readonly setTsi: (name: string) => void
  /** Sets all bits that another step reports, such as the verdict of offline data authentication. @throws ERR_LENGTH */
  readonly merge: (bits: { readonly tvr: Uint8Array; readonly tsi: Uint8Array }) => void
}

/** Registers with all bits zero. */
export function createResultBits(): ResultBits {
  const tvr = new Uint8Array(TVR.length)
  const tsi = new Uint8Array(TSI.length)
  return {
    tvr: () => tvr.slice(),
    tsi: () => tsi.slice(),
    setTvr: (name) => mark(TVR, tvr, name),
    setTsi: (name) => mark(TSI, tsi, name),
    merge: (bits) => {
      const given = [expectLength(bits.tvr, TVR.length, 'tvr'), expectLength(bits.tsi, TSI.length, 'tsi')] as const
      add(tvr, given[0])
      add(tsi, given[1])
    },
  }
}

function mark(table: FlagTable, bytes: Uint8Array, name: string): void {
  const row = table.flags.find((flag) => flag[2] === name)
  if (row === undefined) {
    throw new IssuerkitError('ERR_OPTION', { label: table.name, expected: 'the name of a bit', got: name })
  }
  const [byte, bit] = row
  bytes[byte - 1] = (bytes[byte - 1] as number) | (1 << (bit - 1))
}

function add(bytes: Uint8Array, bits: Uint8Array): void {
  for (const [i, value] of bits.entries()) bytes[i] = (bytes[i] as number) | value
}
