/** The memory of one application of a card: the objects under a prefix, by their names without it. */
import type { CardMemory } from './memory.js'

/** A part of a card's memory. What is said of {@link CardMemory} holds for its methods. */
export class MemoryScope {
  readonly #memory: CardMemory
  readonly #prefix: string

  constructor(memory: CardMemory, prefix: string) {
    this.#memory = memory
    this.#prefix = prefix
  }

  /** The objects of this part. */
  get names(): readonly string[] {
    return this.#memory.names
      .filter((name) => name.startsWith(this.#prefix))
      .map((name) => name.slice(this.#prefix.length))
  }

  has(name: string): boolean {
    return this.#memory.has(this.#prefix + name)
  }

  capacity(name: string): number {
    return this.#memory.capacity(this.#prefix + name)
  }

  read(name: string): Uint8Array {
    return this.#memory.read(this.#prefix + name)
  }

  write(name: string, value: Uint8Array): void {
    this.#memory.write(this.#prefix + name, value)
  }

  readNumber(name: string): number {
    return this.#memory.readNumber(this.#prefix + name)
  }

  writeNumber(name: string, value: number): void {
    this.#memory.writeNumber(this.#prefix + name, value)
  }

  /** Makes the writes so far last, before the command has ended: for what counts before a secret is compared. */
  commit(): void {
    this.#memory.commit()
  }

  /** The card itself, which outlives the application: CARD BLOCK. */
  blockCard(): void {
    this.#memory.writeNumber('blocked', 1)
  }
}
