import { backend } from './backend.js'

/** SHA-1 of the data, 20 bytes: the hash of EMV certificates, of option B and of SCP10. [EMV-B2] B3.1 */
export function sha1(data: Uint8Array): Uint8Array {
  return backend().sha1(data)
}

/** `length` bytes from the platform's cryptographically secure generator. */
export function randomBytes(length: number): Uint8Array {
  return backend().randomBytes(length)
}
