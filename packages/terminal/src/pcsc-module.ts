/**
 * The optional package `smartcard` (PC/SC for Node), loaded when a reader is asked for and not before.
 *
 * Of the package only what is declared here is used. Its conveniences are not safe for payment cards: they connect in shared
 * mode, send a GENERATE AC again when GET RESPONSE is answered 6CXX, and write a length over the last byte of a MAC.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { readerError } from './connection.js'

/** A card, connected. Its functions throw or reject with a plain Error whose message is the text of a PC/SC result. */
export interface PcscCard {
  /** 1: T=0, 2: T=1. */
  readonly protocol: number
  readonly atr: Uint8Array | null
  transmit(command: Uint8Array, options: { readonly maxRecvLength: number }): Promise<Uint8Array>
  reconnect(share: number, protocol: number, initialization: number): Promise<number>
  disconnect(disposition: number): void
}

/** A reader as it stood when the list was made. */
export interface PcscReader {
  readonly name: string
  readonly state: number
  readonly atr: Uint8Array | null
  connect(share: number, protocol: number): Promise<PcscCard>
}

/** The bond with the PC/SC service. */
export interface PcscContext {
  listReaders(): PcscReader[]
  close(): void
}

/** The package. */
export interface PcscModule {
  readonly Context: new () => PcscContext
}

/** One way to get at the package. */
export type PcscLoader = () => unknown

// A string to the compiler, which would look a literal up: the package is not among those of the project.
const PACKAGE: string = 'smartcard'
const INSTALL =
  'the package smartcard (npm install smartcard@3.7.0; to build it needs libpcsclite-dev, a C++ compiler and Python)'

/** The package from the `node_modules` of a directory or of those above it. */
export function fromDirectory(directory: string): PcscLoader {
  return () => createRequire(join(directory, 'x.js'))('smartcard')
}

/** Where the package is looked for: beside this toolkit, then where the user works. */
const LOADERS: readonly PcscLoader[] = [() => import(PACKAGE), () => fromDirectory(process.cwd())()]

/**
 * Loads the package.
 * @param loaders ways to load it, tried in order
 * @throws ERR_READER, its `expected` saying what to install: the package is not there, or not built, or the library of
 * PC/SC is missing
 */
export async function loadPcsc(loaders: readonly PcscLoader[] = LOADERS): Promise<PcscModule> {
  const failures: unknown[] = []
  for (const load of loaders) {
    try {
      const loaded = unwrap(await load())
      if (isPcsc(loaded)) return loaded
      failures.push(new Error('another module of that name'))
    } catch (error) {
      failures.push(error)
    }
  }
  const told = failures.map(diagnosis)
  // A package that is there but does not load says more than one that is not there.
  throw told.find((error) => error.expected !== INSTALL) ?? told[0] ?? readerError(PACKAGE, INSTALL, 'none')
}

/** `import()` of a CommonJS module gives it as the default export. */
function unwrap(loaded: unknown): unknown {
  return isObject(loaded) && 'default' in loaded ? loaded['default'] : loaded
}

function isPcsc(loaded: unknown): loaded is PcscModule {
  return isObject(loaded) && typeof loaded['Context'] === 'function'
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function diagnosis(cause: unknown) {
  const { code, message } = { code: undefined, message: '', ...(isObject(cause) && pick(cause)) }
  if (code === 'ERR_DLOPEN_FAILED') {
    const expected =
      'the library of PC/SC and a build for this Node (apt-get install libpcsclite1; npm rebuild smartcard)'
    return readerError(PACKAGE, expected, 'a binary that does not load', cause)
  }
  if (code === 'MODULE_NOT_FOUND' && message.includes('.node')) {
    const expected = 'a built package (npm rebuild smartcard; pnpm: name it under onlyBuiltDependencies)'
    return readerError(PACKAGE, expected, 'one whose install script did not run', cause)
  }
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND')
    return readerError(PACKAGE, INSTALL, 'none', cause)
  return readerError(PACKAGE, 'the package smartcard 3.7.0', 'one that does not load', cause)
}

function pick(error: Record<string, unknown>): { code: unknown; message: string } {
  return { code: error['code'], message: String(error['message']) }
}
