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
