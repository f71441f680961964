/**
 * The key service on the host's own database: keys are unwrapped for use and zeroed when they are no longer kept.
 */
import { IssuerkitError } from '@issuerkit/apdu'
import { answerApplicationCryptogram, expectCardIdentity, parseField55, type Secret } from '@issuerkit/keys'
import { type BuiltScriptCommand, buildScriptCommands, type ScriptCommand } from '@issuerkit/scripts'
import type { Database } from '../database.js'
import { copyIssuer, wipeIssuer } from '../threads/issuer-copy.js'
import { sameThread, type Threads } from '../threads/threads.js'
import { thrownError } from '../threads/thrown.js'
import { hmacSha256, type MasterKey } from '../wrap.js'
import { hostSecrets } from './host-secrets.js'
import type {
  CryptogramRequest,
  EmvValues,
  KeyService,
  PinSource,
  ScriptRequest,
  ServiceCommand,
  StoredCryptogramRequest,
} from './key-service.js'
import { issuerOpener, type OpenIssuer } from './open-issuer.js'
import { openPin, type PinKeys, type PinOwner, wrapPin } from './pins.js'
import { scriptKeys } from './script-keys.js'
import { secureRecords } from './script-records.js'
import { unusableKeys } from './stored-keys.js'
import { prepare, verify, withoutKeys } from './verify-request.js'

/** Cryptograms that are worth another thread: a message there and back takes as long as verifying two. */
const FEWEST = 16

export interface LocalKeyServiceOptions {
  /** How long an issuer's keys stay unwrapped, and so how late this node may notice what another one changed; 0 by default. */
  readonly keepMilliseconds?: number
  /** Where many cryptograms are verified; on this thread unless given. */
  readonly threads?: Threads
}

/** A key service on `database`, with keys wrapped under `masterKey`. */
export function localKeyService(
  database: Database,
  masterKey: MasterKey,
  { keepMilliseconds = 0, threads = sameThread }: LocalKeyServiceOptions = {},
): KeyService {
  const issuers = issuerOpener(database, masterKey, keepMilliseconds)
  const secret = hostSecrets(database, masterKey)
  const pins: PinKeys = { database, masterKey, storage: () => secret('queued-pin') }
  const panHash = async (pan: string) => {
    expectCardIdentity({ pan, panSequence: '00' })
    return hmacSha256(await secret('pan-hash'), new TextEncoder().encode(pan))
  }
  const ownerOf = async (issuer: string, pan: string) => ({ issuer, pan, panHash: await panHash(pan) })
  return {
    profile: (issuer) => issuers.with(issuer, ({ profile }) => profile),
    verifyCryptogram: (request) => issuers.with(request.issuer, (open) => verify(open, request)),
    verifyCryptograms: async (issuer, requests) => {
      // The few are done before a thread has heard of them.
      const there = requests.length < FEWEST ? sameThread : threads
      const copy = await issuers.with(issuer, copyIssuer)
      try {
        const verdicts = await there.run('verifyCryptograms', { issuer: copy, requests: JSON.stringify(requests) })
        return verdicts.map((one) => ('error' in one ? { error: thrownError(one.error) } : one))
      } finally {
        wipeIssuer(copy)
      }
    },
    answerCryptogram: (request, decide) =>
      issuers.with(request.issuer, (open) => {
        const { input, accepts } = prepare(open, request)
        const found = answerApplicationCryptogram(input, (verdict) => {
          if (!accepts(verdict)) return undefined
          return typeof decide === 'function' ? decide(verdict) : decide
        })
        return accepts(found.verdict) ? found : { verdict: withoutKeys(input), answer: undefined }
      }),
    verifyStoredRequest: (request) => issuers.with(request.issuer, (open) => verify(open, completed(request))),
    buildScript: async (request) => {
      const { issuer, card, commands } = request
      if (!commands.some(hasPin)) {
        return issuers.with(issuer, (open) => build(open, request, commands as readonly ScriptCommand[]))
      }
      const opened: Secret[] = []
      try {
        const owner = await ownerOf(issuer, card.pan)
        const open: ScriptCommand[] = []
        for (const command of commands) open.push(await openCommand(pins, owner, command, opened))
        return await issuers.with(issuer, (keys) => build(keys, request, open))
      } finally {
        for (const pin of opened) pin.destroy()
      }
    },
    secureScripts: (records) => issuers.with(records.issuer, (open) => secureRecords(open, records)),
    wrapPin: async (request) => wrapPin(pins, await ownerOf(request.issuer, request.pan), request),
    panHash,
    unusableKeys: () => unusableKeys(database, masterKey),
    forget: (issuer) => issuers.forget(issuer),
  }
}

/** The message's own cryptogram over its own values and, where it has none, the request's. */
function completed({ stored, emv, ...request }: StoredCryptogramRequest): CryptogramRequest {
  const own = tagsOf(emv)
  if (own === undefined) return { ...request, emv }
  const left = [...stored].filter(([tag]) => tag !== '9F26' && tag !== '9F27')
  return { ...request, emv: { tags: new Map([...left, ...own]) } }
}

/** `undefined` for DE55 that cannot be read: the verdict on it says why. */
function tagsOf(emv: EmvValues): ReadonlyMap<string, Uint8Array> | undefined {
  if ('tags' in emv) return emv.tags
  try {
    return parseField55(emv.field55).tags
  } catch (error) {
    if (error instanceof IssuerkitError) return undefined
    throw error
  }
}

function build(
  open: OpenIssuer,
  { card, atc, arqc, scheme, dki, macLength }: ScriptRequest,
  commands: readonly ScriptCommand[],
): readonly BuiltScriptCommand[] {
  const choice = scriptKeys(open, card.pan, { scheme, dki })
  const input = { scheme: choice.scheme, keys: choice.keys, card, atc, arqc, macLength }
  return buildScriptCommands(input, commands, { chaining: 'none' })
}

function hasPin({ type }: ServiceCommand): boolean {
  return type === 'pin-change' || type === 'pin-change-with-current'
}

/** The command with its PINs open; they are put into `opened`, for the caller to destroy. */
async function openCommand(
  keys: PinKeys,
  owner: PinOwner,
  command: ServiceCommand,
  opened: Secret[],
): Promise<ScriptCommand> {
  if (!('newPin' in command)) return command as ScriptCommand
  const open = async (source: PinSource) => {
    const pin = await openPin(keys, owner, source)
    opened.push(pin)
    return pin
  }
  const newPin = await open(command.newPin)
  if (command.type === 'pin-change') return { type: command.type, newPin }
  return { type: command.type, newPin, currentPin: await open(command.currentPin) }
}
