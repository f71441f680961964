/**
 * The cells of a card's non-volatile memory, and the fuse that cuts the power while they are programmed.
 *
 * Cells are programmed a few bytes at a time, and power may go at any of these times: before the cells have changed at
 * all, half-way (what is not programmed yet is erased, and reads FF), or just after. A test arms the fuse for each of them.
 */

/** When the power goes: at the n-th programming from now, counted from 1. */
export interface Fuse {
  readonly write: number
  /** How far that programming gets. */
  readonly at: 'before' | 'torn' | 'after'
}

/** The power has gone. What was not programmed by then is lost. */
export class PowerLoss extends Error {
  override readonly name = 'PowerLoss'
}

/** Bytes that one programming takes at most. */
export const PAGE = 32

/** Cells, and the count of their programmings. */
export class Cells {
  readonly #bytes: Uint8Array
  #fuse: { left: number; readonly at: Fuse['at'] } | undefined
  #writes = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes.slice()
  }

  get length(): number {
    return this.#bytes.length
  }

  /** Programmings so far. */
  get writes(): number {
    return this.#writes
  }

  /** Arms the fuse, or takes it out. */
  arm(fuse: Fuse | undefined): void {
    this.#fuse = fuse && { left: fuse.write, at: fuse.at }
  }

  read(offset: number, length: number): Uint8Array {
    return this.#bytes.slice(offset, offset + length)
  }

  /** All cells, as they are. */
  image(): Uint8Array {
    return this.#bytes.slice()
  }

  /** Programs bytes, as many times as it takes. @throws PowerLoss when the fuse blows */
  write(offset: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; done += PAGE) {
      this.#program(offset + done, bytes.subarray(done, done + PAGE))
    }
  }

  #program(offset: number, bytes: Uint8Array): void {
    this.#writes += 1
    const fuse = this.#fuse
    if (fuse !== undefined) fuse.left -= 1
    if (fuse?.left !== 0) {
      this.#bytes.set(bytes, offset)
      return
    }
    this.#fuse = undefined
    if (fuse.at !== 'before') this.#bytes.set(bytes, offset)
    if (fuse.at === 'torn') this.#bytes.fill(0xff, offset + (bytes.length >> 1), offset + bytes.length)
    throw new PowerLoss()
  }
}
