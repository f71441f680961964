/** A test CA made by hand: what signs, and under which name. Its checks stand in @issuerkit/terminal's tests. */
import { createHash } from 'node:crypto'
import { concat, fromHex } from '@issuerkit/apdu'
import { RsaPrivateKey } from '@issuerkit/keys'
import type { TestCa } from '@issuerkit/oda'

const privateKey = RsaPrivateKey.generate(1024, 3)

/** A CA of a RID; all have one key. */
export function handMadeCa(rid: string, index = 0xf1): TestCa {
  const { modulus, exponent } = privateKey.publicKey
  const name = concat(fromHex(rid), Uint8Array.of(index))
  const checksum = Uint8Array.from(
    createHash('sha1')
      .update(concat(name, modulus, exponent))
      .digest(),
  )
  return { privateKey, key: { rid: fromHex(rid), index, modulus, exponent, checksum } }
}
