/** What a handshake has drawn and been told: all that it takes to lead another one to the same step. */
import type { RandomSource } from './random.js'

/** The random bytes, and the card's answers, each in their order. The first are secrets: session keys come of them. */
export interface Recording {
  readonly draws: readonly Uint8Array[]
  readonly answers: readonly Uint8Array[]
}

/** A recording under way. */
export class Tape {
  /** Draws, and keeps what it has drawn. */
  readonly random: RandomSource
  #draws: Uint8Array[] = []
  #answers: Uint8Array[] = []

  /** @param random where the bytes come from */
  constructor(random: RandomSource) {
    this.random = (use, length) => {
      const drawn = random(use, length)
      this.#draws.push(drawn.slice())
      return drawn
    }
  }

  /** Keeps an answer of the card. */
  hear(answer: Uint8Array): void {
    this.#answers.push(answer.slice())
  }

  /** The recording itself, not a copy: {@link erase} zeroes it. */
  get recording(): Recording {
    return { draws: this.#draws, answers: this.#answers }
  }

  /** Zeroes what was drawn and forgets everything. */
  erase(): void {
    for (const drawn of this.#draws) drawn.fill(0)
    this.#draws = []
    this.#answers = []
  }
}
