/**
 * What is plugged into the host: its routes, and what `issuerkit start` shows.
 */
import type { HostContext, Routes } from './context.js'

/** The modules of routes under /v1, in the order of the documentation. */
export const ROUTES: readonly Routes[] = []

export interface DemonstrationContext {
  readonly host: HostContext
  /** Where the host answers, `http://127.0.0.1:8400`. */
  readonly url: string
  /** A token with every scope. */
  readonly token: string
}

/** What is shown before the host stays up to serve, and whether every verdict in it is positive. */
export interface Demonstration {
  readonly text: string
  readonly ok: boolean
}

export async function demonstration(_context: DemonstrationContext): Promise<Demonstration> {
  return { text: '', ok: true }
}
