/**
 * Keys from clear components, for test rooms: each of two or three persons holds one, the key is their exclusive or.
 * Who sees all components has the key: production keys come in key blocks.
 */
import { IssuerkitError, xor } from '@issuerkit/apdu'
import type { KeyAlgorithm } from './block-cipher.js'
import { constantTimeEqual } from './compare.js'
import { expectKeyCheckValue, type KcvMethod } from './kcv.js'
import { createKey, type KeyLevel, type KeyOf, type KeyPurpose } from './key.js'
import { isWeakDesKey } from './weak-des-key.js'

/** One component: as many bytes as the key, and its own key check value where it came with one. */
export interface KeyComponent {
  readonly bytes: Uint8Array
  /** 4 hexadecimal digits or more: the check value of the component, taken as a key. */
  readonly kcv?: string
}

/** What is known of the key beside its components. */
export interface CombineOptions {
  /** The key check value that the whole key must have. */
  readonly kcv?: string
  /** The method of all check values given; the algorithm's usual one by default. */
  readonly kcvMethod?: KcvMethod
}

/**
 * The key of two or three components, of the class of the algorithm.
 *
 * Equal components are refused: a component given twice cancels itself out of the key.
 * @throws ERR_KEY when there are not two or three, one is zero, has another length or equals another one, or the key that
 *   comes out is zero, weak or has equal halves
 * @throws ERR_KCV when a component or the key has another check value than the one given; ERR_HEX; ERR_OPTION
 */
export function combineComponents<A extends KeyAlgorithm, L extends KeyLevel, P extends KeyPurpose>(
  level: L,
  purpose: P,
  algorithm: A,
  components: readonly KeyComponent[],
  { kcv, kcvMethod }: CombineOptions = {},
): KeyOf<A, L, P> {
  if (components.length < 2 || components.length > 3) {
    const got = `${components.length} components`
    throw new IssuerkitError('ERR_KEY', { label: 'components', expected: 'two or three', got })
  }
  const [first, ...others] = components.map(({ bytes }) => bytes) as [Uint8Array, ...Uint8Array[]]
  components.forEach(({ bytes }, i) => {
    // The key class judges the length; equal halves are no fault of a component.
    createKey(algorithm, level, purpose, bytes, { allowEqualHalves: true })
    if (bytes.length !== first.length) refuse(i, `${first.length} bytes`)
    if (isZero(bytes)) refuse(i, 'a component that is not zero')
    if (components.slice(0, i).some((earlier) => constantTimeEqual(earlier.bytes, bytes))) {
      refuse(i, 'a component different from the others')
    }
  })
  components.forEach((component, i) => {
    if (component.kcv !== undefined) {
      expectKeyCheckValue(algorithm, component.bytes, component.kcv, `component ${i + 1}`, kcvMethod)
    }
  })
  const whole = others.reduce(xor, first)
  if (isZero(whole) || (algorithm === 'tdes' && isWeakDesKey(whole))) {
    throw new IssuerkitError('ERR_KEY', { label: `${level} ${purpose} key`, expected: 'a key that is not weak' })
  }
  const key = createKey(algorithm, level, purpose, whole)
  if (kcv !== undefined) expectKeyCheckValue(algorithm, whole, kcv, `${level} ${purpose} key`, kcvMethod)
  return key
}

function refuse(index: number, expected: string): never {
  throw new IssuerkitError('ERR_KEY', { label: `component ${index + 1}`, expected })
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}
