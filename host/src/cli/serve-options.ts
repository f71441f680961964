/**
 * The options that `serve` and `start` share.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { type KeySet, readKeySet } from '../access/key-set.js'
import { remoteKeySet } from '../access/remote-key-set.js'
import type { AccessPolicy } from '../access/verify-token.js'
import { defaultDataFolder } from '../default-folder.js'
import { HostError, systemCode } from '../errors.js'
import type { HostOptions } from '../host.js'
import type { RateLimit } from '../limits/rate.js'

export interface ServeOptions {
  readonly host: string
  readonly port: number
  readonly data?: string
}

/** Adds --host, --port and --data. */
export function addServeOptions(command: Command): Command {
  return command
    .option('--port <number>', 'the port to listen on, 0 for any', parsePort, 8400)
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--data <folder>', 'the data folder of the embedded database (without DATABASE_URL)')
}

function parsePort(text: string): number {
  if (/^[0-9]{1,5}$/.test(text) && Number(text) <= 65535) return Number(text)
  throw new InvalidArgumentError('A port is a number from 0 to 65535.')
}

/** --rate: requests a second of one subject, twice as many at once; 0 is no limit. */
export function parseRate(text: string): RateLimit | undefined {
  if (!/^[0-9]{1,6}$/.test(text))
    throw new InvalidArgumentError('A rate is a number of requests a second, 0 for no limit.')
  const perSecond = Number(text)
  return perSecond === 0 ? undefined : { perSecond, burst: 2 * perSecond }
}

/** DATABASE_URL if it is set, else the embedded database on --data or the usual folder. */
export function databaseOption(
  { data }: ServeOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Exclude<HostOptions['database'], 'temporary'> {
  const folder = data === undefined ? defaultDataFolder({ environment }) : resolve(data)
  const url = environment['DATABASE_URL']
  return url === undefined || url === '' ? { folder } : { url, keyFolder: folder }
}

export interface AccessOptions {
  readonly jwks?: string
  readonly issuer?: string
  readonly audience?: string
}

/** The access policy of a service that is not in dev mode. ERR_USAGE when a part of it is missing. */
export function accessPolicy({ jwks, issuer, audience }: AccessOptions): AccessPolicy {
  if (jwks === undefined || issuer === undefined || audience === undefined) {
    throw new HostError('ERR_USAGE', 'serve needs --jwks, --issuer and --audience, or --dev')
  }
  return { keys: keySet(jwks), issuer, audience }
}

/** A key set of a file or of an https address. */
function keySet(source: string): KeySet {
  return /^[a-z]+:\/\//i.test(source) ? remoteKeySet(source) : readKeySet(readJson(source))
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    const reason = systemCode(cause) ?? 'not JSON'
    throw new HostError('ERR_KEY_SET', `the key set ${file} cannot be read (${reason})`, { cause })
  }
}
