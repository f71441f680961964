/** The card's cryptogram keys of the transaction under way, zeroed after use. */
import { type CryptogramKey, createKey, cryptogramSessionKey, type SecretKey, scheme } from '@issuerkit/keys'
import type { ApplicationContext } from './debit-credit-model.js'
import type { TerminalValues } from './terminal-values.js'

/** The ICC master key, and the key of the cryptogram, which is the same for schemes without session keys. */
export interface CardCryptogramKeys {
  readonly iccKey: SecretKey<'icc', 'AC'>
  readonly key: CryptogramKey
}

/**
 * Runs `use` with the keys of the transaction's ATC and, for mastercard-skd, of the terminal's unpredictable number.
 * @throws ERR_KEY when the stored key is none; ERR_LENGTH when the unpredictable number is not 4 bytes
 * @see [EMV-B2] A1.3, [PBOC] 7
 */
export function withCardKeys<T>(
  { memory, config }: ApplicationContext,
  values: TerminalValues,
  use: (keys: CardCryptogramKeys) => T,
): T {
  const { algorithm, cryptogramSession } = scheme(config.scheme)
  const stored = memory.read('key/ac')
  let iccKey: CardCryptogramKeys['iccKey'] | undefined
  try {
    iccKey = createKey(algorithm, 'icc', 'AC', stored)
    const unpredictableNumber = values.get('9F37') ?? new Uint8Array(0)
    const key = cryptogramSessionKey(iccKey, cryptogramSession, { atc: memory.read('data/9F36'), unpredictableNumber })
    try {
      return use({ iccKey, key })
    } finally {
      key.destroy()
    }
  } finally {
    stored.fill(0)
    iccKey?.destroy()
  }
}
