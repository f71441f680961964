/**
 * The non-volatile memory of a card: named objects, and a journal in front of them.
 *
 * A command writes into memory that power takes with it; its effects reach the cells all at once, by one commit:
 *
 * ```
 * 1  the new values go into the journal          power lost: the old state
 * 2  the journal's head, with a hash of them     power lost half-way: the hash is wrong, the old state
 * 3  the values go to their objects              power lost: recovery does 3 and 4 once more, the new state
 * 4  the head is cleared
 * ```
 *
 * There is no other way to persist anything. What has to be counted before a secret is compared is committed before.
 */
import { concat, equalBytes, fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
import { constantTimeEqual, sha1 } from '@issuerkit/keys'
import { Cells, type Fuse } from './memory-cells.js'

/** An object as it is made: its first value, and the bytes that it can hold at most (as many as it has, unless given). */
export interface MemoryObject {
  readonly value: Uint8Array
  readonly capacity?: number
}

/** A memory as it goes into a file, cut off in the middle of a commit or not. */
export interface SavedMemory {
  /** Name, and bytes that it can hold at most, in the order of the cells. */
  readonly objects: readonly (readonly [name: string, capacity: number])[]
  /** All cells in hexadecimal. */
  readonly cells: string
}

/** The head: bytes of the journal that count (2), the first bytes of their SHA-1 (8). */
const HEAD = 10
const HASH = 8
/** What one command may change, in bytes. */
const JOURNAL = 2048
/** In front of an object's value: its length. In front of a change: where it goes, and how long it is. */
const LENGTH = 2
const CHANGE = 4
/** Addresses have two bytes. */
const MOST_CELLS = 65_536

interface Slot {
  readonly offset: number
  readonly capacity: number
}

/** The memory of one card. */
export class CardMemory {
  readonly #cells: Cells
  readonly #slots: ReadonlyMap<string, Slot>
  readonly #pending = new Map<string, Uint8Array>()

  private constructor(slots: ReadonlyMap<string, Slot>, cells: Uint8Array) {
    this.#slots = slots
    this.#cells = new Cells(cells)
  }

  /**
   * A memory as the factory fills it, the journal empty.
   * @throws ERR_CARD when a name occurs twice, a value is longer than its capacity, or all do not fit 64 KiB
   */
  static create(objects: Iterable<readonly [name: string, object: MemoryObject]>): CardMemory {
    const list = [...objects]
    const slots = layOut(list.map(([name, { value, capacity = value.length }]) => [name, capacity]))
    const memory = new CardMemory(slots, new Uint8Array(endOf(slots)))
    for (const [name, { value }] of list) memory.#cells.write(memory.#slot(name).offset, memory.#encoded(name, value))
    return memory
  }

  /**
   * A memory that {@link save} gave, recovered.
   * @throws ERR_CARD when it is not one; ERR_HEX
   */
  static restore(saved: SavedMemory): CardMemory {
    const slots = layOut(expectObjects(saved))
    const cells = fromHex(saved.cells, 'cells')
    if (cells.length !== endOf(slots)) throw malformed('cells', `${endOf(slots)} bytes`, `${cells.length}`)
    const memory = new CardMemory(slots, cells)
    memory.recover()
    for (const name of slots.keys()) memory.read(name)
    return memory
  }

  /** The cells as they are: what a card keeps that loses its power now. */
  save(): SavedMemory {
    const objects = [...this.#slots].map(([name, { capacity }]) => [name, capacity] as const)
    return { objects, cells: toHex(this.#cells.image()) }
  }

  get names(): readonly string[] {
    return [...this.#slots.keys()]
  }

  has(name: string): boolean {
    return this.#slots.has(name)
  }

  /** How many bytes an object can hold. @throws ERR_CARD when there is none of that name */
  capacity(name: string): number {
    return this.#slot(name).capacity
  }

  /** The value of an object as the command under way sees it. @throws ERR_CARD when there is none of that name */
  read(name: string): Uint8Array {
    const { offset, capacity } = this.#slot(name)
    const pending = this.#pending.get(name)
    if (pending !== undefined) return pending.slice()
    const length = numberOf(this.#cells.read(offset, LENGTH))
    if (length > capacity) throw malformed(name, `at most ${capacity} bytes`, `${length}`)
    return this.#cells.read(offset + LENGTH, length)
  }

  /** Gives an object a value, from the next {@link commit} on. @throws ERR_CARD when it cannot hold the value */
  write(name: string, value: Uint8Array): void {
    this.#encoded(name, value)
    this.#pending.set(name, value.slice())
  }

  /** An object as a whole number, its highest byte first. */
  readNumber(name: string): number {
    return numberOf(this.read(name))
  }

  /** Gives an object a whole number, as long as the object was. @throws ERR_CARD when the number does not fit */
  writeNumber(name: string, value: number): void {
    const bytes = new Uint8Array(this.read(name).length)
    if (!Number.isSafeInteger(value) || value < 0 || value >= 256 ** bytes.length) {
      throw malformed(name, `a number of ${bytes.length} bytes`, String(value))
    }
    let rest = value
    for (let i = bytes.length - 1; i >= 0; i--) {
      bytes[i] = rest % 256
      rest = Math.floor(rest / 256)
    }
    this.write(name, bytes)
  }

  /** Makes what was written last, all of it or, when power is lost, nothing. @throws PowerLoss */
  commit(): void {
    const changes = [...this.#pending].filter(([name, value]) => {
      const { offset } = this.#slot(name)
      const encoded = this.#encoded(name, value)
      return !equalBytes(this.#cells.read(offset, encoded.length), encoded)
    })
    if (changes.length > 0) {
      const journal = changes.map(([name, value]) => this.#change(name, value))
      this.#log(concat(...journal))
      this.#apply()
    }
    this.rollback()
  }

  /** Forgets what was written since the last commit. */
  rollback(): void {
    for (const value of this.#pending.values()) value.fill(0)
    this.#pending.clear()
  }

  /** At power-up: ends a commit that power was lost in, or forgets it. @throws PowerLoss */
  recover(): void {
    this.rollback()
    this.#apply()
  }

  /** Arms the fuse that cuts the power at a write, or takes it out. */
  arm(fuse: Fuse | undefined): void {
    this.#cells.arm(fuse)
  }

  /** How many times cells were programmed so far. */
  get writes(): number {
    return this.#cells.writes
  }

  #slot(name: string): Slot {
    const slot = this.#slots.get(name)
    if (slot === undefined) throw malformed('memory', `an object ${name}`, 'none')
    return slot
  }

  #encoded(name: string, value: Uint8Array): Uint8Array {
    const { capacity } = this.#slot(name)
    if (value.length > capacity) throw malformed(name, `at most ${capacity} bytes`, `${value.length}`)
    return concat(bytesOf(value.length), value)
  }

  #change(name: string, value: Uint8Array): Uint8Array {
    const encoded = this.#encoded(name, value)
    return concat(bytesOf(this.#slot(name).offset), bytesOf(encoded.length), encoded)
  }

  #log(journal: Uint8Array): void {
    if (journal.length > JOURNAL) throw malformed('journal', `at most ${JOURNAL} bytes`, `${journal.length}`)
    this.#cells.write(HEAD, journal)
    this.#cells.write(0, concat(bytesOf(journal.length), sha1(journal).subarray(0, HASH)))
  }

  #apply(): void {
    const length = numberOf(this.#cells.read(0, LENGTH))
    if (length === 0 || length > JOURNAL) return
    const journal = this.#cells.read(HEAD, length)
    if (!constantTimeEqual(sha1(journal).subarray(0, HASH), this.#cells.read(LENGTH, HASH))) return
    for (let at = 0; at < length; ) {
      const to = numberOf(journal.subarray(at, at + LENGTH))
      const size = numberOf(journal.subarray(at + LENGTH, at + CHANGE))
      // No commit wrote such a change: the file that the memory came from was made up.
      if (to < HEAD + JOURNAL || to + size > this.#cells.length)
        throw malformed('journal', 'changes of objects', 'another')
      this.#cells.write(to, journal.subarray(at + CHANGE, at + CHANGE + size))
      at += CHANGE + size
    }
    this.#cells.write(0, new Uint8Array(HEAD))
  }
}

function layOut(objects: SavedMemory['objects']): Map<string, Slot> {
  const slots = new Map<string, Slot>()
  let offset = HEAD + JOURNAL
  for (const [name, capacity] of objects) {
    if (slots.has(name)) throw malformed('memory', 'one object of each name', `${name} twice`)
    slots.set(name, { offset, capacity })
    offset += LENGTH + capacity
    // Written so that a capacity which is no number is refused, too.
    if (!(offset <= MOST_CELLS)) throw malformed('memory', `at most ${MOST_CELLS} bytes`, 'more')
  }
  return slots
}

/** What a file holds is not sure to be a saved memory. */
function expectObjects(saved: SavedMemory | undefined): SavedMemory['objects'] {
  const objects: unknown = saved?.objects
  const sound = (entry: unknown): boolean =>
    Array.isArray(entry) && typeof entry[0] === 'string' && Number.isInteger(entry[1]) && entry[1] >= 0
  if (Array.isArray(objects) && objects.every(sound)) return objects
  throw malformed('objects', 'names and capacities', 'something else')
}

function endOf(slots: ReadonlyMap<string, Slot>): number {
  const last = [...slots.values()].at(-1)
  return last === undefined ? HEAD + JOURNAL : last.offset + LENGTH + last.capacity
}

function numberOf(bytes: Uint8Array): number {
  return bytes.reduce((number, byte) => number * 256 + byte, 0)
}

function bytesOf(number: number): Uint8Array {
  return Uint8Array.of(number >> 8, number & 0xff)
}

function malformed(label: string, expected: string, got: string): IssuerkitError {
  return new IssuerkitError('ERR_CARD', { label, expected, got })
}
