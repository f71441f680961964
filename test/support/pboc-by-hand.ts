/** The keys and MACs of PBOC scripts, by OpenSSL and nothing of the toolkit: a third voice between issuer and card. */
import { createCipheriv } from 'node:crypto'
import { concat } from '../../packages/apdu/src/index.js'

const tdes = (key: Uint8Array, data: Uint8Array): Uint8Array => {
  const cipher = createCipheriv('des-ede', key, null).setAutoPadding(false)
  return Uint8Array.from(Buffer.concat([cipher.update(data), cipher.final()]))
}
const des = (half: Uint8Array, data: Uint8Array): Uint8Array => tdes(concat(half, half), data)

/** Session key: the master key enciphers 000000000000 ‖ ATC, and 000000000000 ‖ NOT ATC. */
function sessionHalves(udk: Uint8Array, atc: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const half = (counter: Uint8Array): Uint8Array => tdes(udk, concat(new Uint8Array(6), counter))
  return [half(atc), half(atc.map((byte) => byte ^ 0xff))]
}

/** Data enciphered under the session key: ECB, no padding. */
export const encipherByHand = (udk: Uint8Array, atc: Uint8Array, data: Uint8Array): Uint8Array =>
  tdes(concat(...sessionHalves(udk, atc)), data)

/** By hand: session key of the MAC UDK and the ATC, MAC algorithm 3 with padding method 2, 4 bytes. */
export const macByHand = (udk: Uint8Array, atc: Uint8Array, input: Uint8Array): Uint8Array => {
  const [a, b] = sessionHalves(udk, atc)
  const padded = concat(input, Uint8Array.of(0x80), new Uint8Array(7 - (input.length % 8)))
  let chain = new Uint8Array(8)
  for (let i = 0; i < padded.length; i += 8) {
    const block = padded.slice(i, i + 8).map((byte, j) => byte ^ (chain[j] as number))
    chain = Uint8Array.from(i + 8 < padded.length ? des(a, block) : tdes(concat(a, b), block))
  }
  return chain.subarray(0, 4)
}
