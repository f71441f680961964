/**
 * Where the master key comes from: the environment, a file that the environment names, or, in dev mode, a file in the
 * data folder that is made on first use.
 */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fromHex } from '@issuerkit/apdu'
import { HostError, systemCode } from './errors.js'
import { MasterKey, randomHex } from './wrap.js'

export interface MasterKeySource {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The data folder, in dev mode only. */
  readonly devFolder?: string | undefined
}

/** Finds the master key. ERR_MASTER_KEY when there is none, or when it is not 32 bytes in hexadecimal. */
export function loadMasterKey({ environment, devFolder }: MasterKeySource): MasterKey {
  const { ISSUERKIT_MASTER_KEY: text, ISSUERKIT_MASTER_KEY_FILE: file } = environment
  if (text !== undefined && file !== undefined) {
    throw new HostError('ERR_MASTER_KEY', 'ISSUERKIT_MASTER_KEY and ISSUERKIT_MASTER_KEY_FILE are both set')
  }
  if (text !== undefined) return decode(text, 'ISSUERKIT_MASTER_KEY')
  if (file !== undefined) return readMasterKey(file)
  if (devFolder !== undefined) return fromDevFolder(join(devFolder, 'master-key'))
  const message = 'set ISSUERKIT_MASTER_KEY_FILE (or ISSUERKIT_MASTER_KEY) to 32 bytes in hexadecimal'
  throw new HostError('ERR_MASTER_KEY', message)
}

/** The master key in a file. ERR_MASTER_KEY */
export function readMasterKey(file: string): MasterKey {
  return decode(readPrivate(file), file)
}

function fromDevFolder(file: string): MasterKey {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  if (!existsSync(file)) writeFileSync(file, `${randomHex(32)}\n`, { mode: 0o600, flag: 'wx' })
  return readMasterKey(file)
}

function readPrivate(file: string): string {
  try {
    if (process.platform !== 'win32' && (statSync(file).mode & 0o027) !== 0) {
      throw new HostError('ERR_MASTER_KEY', `${file} can be read by everybody or written by its group: chmod 600 it`)
    }
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if (cause instanceof HostError) throw cause
    throw new HostError('ERR_MASTER_KEY', `${file} cannot be read (${systemCode(cause)})`, { cause })
  }
}

function decode(text: string, where: string): MasterKey {
  const hex = text.trim()
  if (!/^[0-9A-Fa-f]{64}$/.test(hex)) {
    throw new HostError('ERR_MASTER_KEY', `${where} is not 32 bytes in hexadecimal`)
  }
  return new MasterKey(fromHex(hex))
}
