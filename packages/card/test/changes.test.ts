/** Every bit of every message of a handshake, changed: the card refuses it there or later, and never ends in a session. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import {
  AGREEMENT_RANDOM,
  commandsOf,
  fixedRandom,
  referenceCard,
  send,
  TRANSPORT_RANDOM,
} from './support/reference.js'

// What a change may do without harm: another Le (the last byte of a command with one) cuts the answer, and another
// class of GET CHALLENGE or a chaining bit is refused or waits for more.
describe.each(['transport', 'agreement'] as const)('%s', (variant) => {
  const to = commandsOf(variant)
  const middle = variant === 'transport' ? to.decipher : []
  const messages = [to.withCertificate, ...to.certificate, ...middle, to.challenge, ...to.external, ...to.internal]
  const random = (): ((length: number) => Uint8Array) =>
    fixedRandom(...(variant === 'transport' ? TRANSPORT_RANDOM : AGREEMENT_RANDOM))
  const withLe = (message: string): boolean => /^0084|^0088/.test(message)

  it.each(messages.map((message, index) => ({ index, header: message.slice(0, 8), message })))(
    'message $index, $header',
    async ({ index, message }) => {
      const right = await send(referenceCard({ random: random() }), ...messages)
      const bytes = fromHex(message)
      const end = bytes.length - (withLe(message) ? 1 : 0)
      for (let bit = 0; bit < 8 * end; bit++) {
        const changed = bytes.slice()
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
        const card = referenceCard({ random: random() })
        const answers: string[] = []
        // A host stops at the first answer that is not the one it expects.
        for (const [i, one] of messages.entries()) {
          answers.push(...(await send(card, i === index ? toHex(changed) : one)))
          if (answers[i] !== right[i]) break
        }
        expect(answers, `bit ${bit}`).not.toEqual(right)
      }
    },
    60_000,
  )

  it.each(messages.map((_, index) => index))('message %i left out, sent twice, cut short', async (index) => {
    const right = await send(referenceCard({ random: random() }), ...messages)
    const without = await send(referenceCard({ random: random() }), ...messages.toSpliced(index, 1))
    // Without an environment the defaults hold, which are those of key transport; what is last is missed by the host.
    const missed = index === messages.length - 1 || (index === 0 && variant === 'transport')
    expect(without.join() === right.toSpliced(index, 1).join()).toBe(missed)
    const message = messages[index] as string
    const twice = referenceCard({ random: random() })
    await send(twice, ...messages.toSpliced(index, 0, message))
    // The security environment may be set twice and the keys sent twice; whatever authenticates passes once.
    const harmless = index === 0 || message.startsWith('002A8084')
    expect(twice.inspect().state === 'session').toBe(harmless)
    for (let length = 0; length < message.length - (withLe(message) ? 2 : 0); length += 2) {
      const card = referenceCard({ random: random() })
      // The header alone of a piece of a chain, with Le or without, is a piece without data.
      if (message.startsWith('1') && [8, 10].includes(length)) continue
      const answers = await send(card, ...messages.slice(0, index), message.slice(0, length))
      expect(answers.at(-1), `${length / 2} bytes`).not.toBe(right[index])
    }
  })
})
