/** What the tests of advices share: an issuer, new cards, and an answer whose commands are with the card. */
import { type Body, type Issuing, messageOf } from './issuing.js'

export const LIMIT = { type: 'put-data', tag: '9F58', value: '05' }

/** An answer with two commands. */
export interface Delivered {
  readonly pan: string
  readonly reference: string
  /** Of the script. */
  readonly identifier: string
  readonly first: Body
  readonly entries: readonly string[]
}

/** What is done with the cards of `bank()`, all of them new: their PANs begin with `bin`, 8 digits. */
export function advising(bank: () => Issuing, bin: string) {
  let cards = 0
  const freshPan = (): string => `${bin}${String(cards++).padStart(8, '0')}`
  return {
    freshPan,
    async delivered(): Promise<Delivered> {
      const pan = freshPan()
      const entries = [await bank().queue(pan, LIMIT), await bank().queue(pan, { type: 'pin-unblock' })]
      const message = messageOf(pan, { atc: 1 })
      const first = await bank().authorize(message)
      const { scripts } = first['answer'] as { scripts: [{ identifier: string }] }
      return { pan, reference: message.reference, identifier: scripts[0].identifier, first, entries }
    },
    /** The answer to an advice that is taken. */
    async advise(body: object): Promise<Body> {
      const { status, body: answer, text } = await bank().post('/v1/advices', { issuer: bank().issuer, ...body })
      if (status !== 200) throw new Error(text)
      return answer
    },
  }
}
