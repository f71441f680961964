import { backend, useBackend } from '@issuerkit/keys'

/** How often `run` reached a block cipher, whether it returns or throws. */
export function cipherCalls(run: () => unknown): number {
  const real = backend()
  let calls = 0
  const counted =
    (cipher: typeof real.des): typeof real.des =>
    (...input) => {
      calls += 1
      return cipher(...input)
    }
  useBackend({ ...real, des: counted(real.des), aes: counted(real.aes), sm4: counted(real.sm4) })
  try {
    run()
  } catch {
    // The caller asserts the error; here only the calls count.
  } finally {
    useBackend(real)
  }
  return calls
}

/** The keys that `run` gives to the block ciphers: the arrays themselves. The `limit`th use of a cipher fails. */
export function keysUsed(run: () => unknown, limit = Number.POSITIVE_INFINITY): Uint8Array[] {
  const keys: Uint8Array[] = []
  const real = backend()
  const watched =
    (cipher: typeof real.des): typeof real.des =>
    (...input) => {
      keys.push(input[1])
      if (keys.length >= limit) throw new Error('the cipher fails')
      return cipher(...input)
    }
  useBackend({ ...real, des: watched(real.des), sm4: watched(real.sm4) })
  try {
    run()
  } catch (error) {
    if (limit === Number.POSITIVE_INFINITY) throw error
  } finally {
    useBackend(real)
  }
  return keys
}
