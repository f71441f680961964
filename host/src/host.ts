/**
 * A running host: first the database, then HTTP; and the same way back.
 */
import { createDevAccess } from './access/dev-token.js'
import { type AccessPolicy, tokenVerifier } from './access/verify-token.js'
import { startHeadSigner } from './audit/head-signer.js'
import { startCampaigns } from './campaigns/runner.js'
import type { HostContext, Routes } from './context.js'
import { type DatabaseAddress, migrate, openDatabase } from './database.js'
import { loadDemoIssuer } from './demo-issuer.js'
import { freshTempFolder, serverUser } from './embedded/server-user.js'
import { removeDataFolder, startEmbeddedDatabase } from './embedded-database.js'
import { keyCheck } from './keys/key-check.js'
import { localKeyService } from './keys/local-key-service.js'
import { expectFree, expectLoopback, type ListenAddress, listenError } from './listen.js'
import type { LogOptions } from './logging.js'
import { loadMasterKey } from './master-key.js'
import { buildServer, type ServerLimits } from './server.js'
import { takeRestoredEvents } from './store/events.js'
import { startRetention } from './store/retention.js'
import { startTicker } from './store/ticker.js'
import { startThreads } from './threads/threads.js'

export interface HostOptions {
  readonly listen: ListenAddress
  /**
   * A server of the user's (dev mode keeps its master key in `keyFolder`), the embedded one on a folder, or the embedded
   * one on a folder that is thrown away.
   */
  readonly database: { readonly url: string; readonly keyFolder: string } | { readonly folder: string } | 'temporary'
  /** What access tokens are checked against; undefined is dev mode, which makes a token of its own. */
  readonly access: AccessPolicy | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly routes: readonly Routes[]
  readonly log: LogOptions
  readonly limits?: ServerLimits
  /** Cuts a start short. */
  readonly signal: AbortSignal
}

export interface RunningHost {
  readonly url: string
  readonly context: HostContext
  /** Dev mode's token. */
  readonly token: string | undefined
  /** The data folder of the embedded database. */
  readonly folder: string | undefined
  /** Fulfilled with its last lines when the embedded database ends by itself. */
  readonly databaseEnded: Promise<string>
  /** Stops HTTP, the pool and the embedded database, in this order. */
  close(): Promise<void>
}

type Closer = () => unknown

/** Starts a host. What was started is stopped again when a later step fails. */
export async function startHost(options: HostOptions): Promise<RunningHost> {
  const closers: Closer[] = []
  const closeAll = async () => {
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close()
  }
  try {
    const started = await start(options, (closer) => closers.push(closer))
    return { ...started, close: closeAll }
  } catch (error) {
    await closeAll()
    throw error
  }
}

async function start(options: HostOptions, atEnd: (closer: Closer) => void): Promise<Omit<RunningHost, 'close'>> {
  const { listen, environment, routes, log, limits = {}, signal } = options
  const devMode = options.access === undefined
  if (devMode) expectLoopback(listen)
  await expectFree(listen)
  const givenKey = devMode ? undefined : loadMasterKey({ environment })
  const { address, folder, keyFolder, ended } = await startDatabase(options, atEnd)
  const masterKey = givenKey ?? loadMasterKey({ environment, devFolder: keyFolder })
  const database = openDatabase({ address })
  atEnd(() => database.destroy())
  await migrate(database)
  await takeRestoredEvents(database)
  if (devMode) await loadDemoIssuer(database, masterKey)
  const threads = startThreads({
    onError: (error) => app.log.warn({ err: error }, 'a thread failed; its work is done on the main thread'),
  })
  atEnd(() => threads.close())
  const keys = localKeyService(database, masterKey, { keepMilliseconds: 1_000, threads })
  const context = { database, masterKey, keys, threads, devMode, checks: [keyCheck(keys)] }
  const { policy, token } =
    options.access === undefined ? await createDevAccess() : { policy: options.access, token: undefined }
  const verifyToken = tokenVerifier(policy)
  const app = await buildServer({ context, verifyToken, routes, log, limits })
  const signer = startHeadSigner({
    database,
    masterKey,
    write: (jws) => app.log.info({ auditHead: jws }, 'audit head'),
    onError: (error) => app.log.error({ err: error }, 'the audit trail cannot be signed'),
  })
  const onError = (error: unknown) => app.log.error({ err: error }, 'work beside requests failed')
  const repeated = [
    startTicker(context, { onError }),
    startRetention(database, { onError }),
    startCampaigns(context, { onError }),
  ]
  // The server first: what it accepted is answered and audited before the last head is signed.
  atEnd(() => signer.close())
  for (const one of repeated) atEnd(() => one.close())
  atEnd(() => app.close())
  signal.throwIfAborted()
  const url = await app.listen({ ...listen }).catch((cause: unknown) => {
    throw listenError(cause, listen)
  })
  return { url, context, token, folder, databaseEnded: ended }
}

interface StartedDatabase {
  readonly address: DatabaseAddress
  readonly folder: string | undefined
  readonly keyFolder: string
  readonly ended: Promise<string>
}

async function startDatabase(
  { database, signal }: HostOptions,
  atEnd: (closer: Closer) => void,
): Promise<StartedDatabase> {
  if (database !== 'temporary' && 'url' in database) {
    const { url, keyFolder } = database
    return { address: { connectionString: url }, folder: undefined, keyFolder, ended: new Promise(() => {}) }
  }
  const folder = database === 'temporary' ? freshTempFolder(serverUser()) : database.folder
  if (database === 'temporary') atEnd(() => removeDataFolder(folder))
  const embedded = await startEmbeddedDatabase({ folder, signal, temporary: database === 'temporary' })
  atEnd(() => embedded.stop())
  return { ...embedded, keyFolder: embedded.folder }
}
