/** CA keys from a file, in whichever of the forms that the packages import. */
import { readFileSync } from 'node:fs'
import { fromHex, IssuerkitError } from '@issuerkit/apdu'
import {
  type CaKey,
  type CaKeyProfile,
  CaKeyStore,
  caKeyFromTlv,
  caKeysFromCsv,
  caKeysFromJson,
  type RefusedCaKey,
} from '@issuerkit/oda'
import { HostError, systemCode } from '../errors.js'
import type { CommandIo } from './io.js'

/**
 * A store with the keys of a file under a profile. Keys that are refused are told and left out.
 * @throws ERR_USAGE when the file cannot be read or holds no acceptable key
 */
export function storeOfFile(file: string, profile: CaKeyProfile, io: CommandIo): CaKeyStore {
  const store = new CaKeyStore()
  try {
    const { keys, refused } = importKeys(readFileSync(file, 'utf8'))
    for (const { entry, error } of refused) io.err(`${file}: key ${entry} is left out: ${error.message}\n`)
    for (const key of keys) store.add(profile, key)
  } catch (cause) {
    const reason = cause instanceof IssuerkitError ? cause.message : `cannot be read (${systemCode(cause)})`
    throw new HostError('ERR_USAGE', `${file}: ${reason}`, { cause })
  }
  if (store.count(profile) === 0) throw new HostError('ERR_USAGE', `${file} holds no CA key that can be used`)
  return store
}

function importKeys(text: string): { readonly keys: readonly CaKey[]; readonly refused: readonly RefusedCaKey[] } {
  if (/^\s*\[/.test(text)) return caKeysFromJson(text)
  const lines = text.split('\n').map((line) => line.trim())
  if (!lines.every((line) => /^[0-9A-Fa-f]*$/.test(line))) return caKeysFromCsv(text)
  const keys: CaKey[] = []
  const refused: RefusedCaKey[] = []
  for (const [i, line] of lines.entries()) {
    if (line === '') continue
    try {
      keys.push(caKeyFromTlv(fromHex(line, `line ${i + 1}`)))
    } catch (error) {
      if (!(error instanceof IssuerkitError)) throw error
      refused.push({ entry: i + 1, error })
    }
  }
  return { keys, refused }
}
