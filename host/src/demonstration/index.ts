/** What `issuerkit start` shows before it stays up to serve: the main job on real input, on one screen. */
import type { HostContext } from '../context.js'
import { type Part, partText } from './lines.js'
import { offlineCard } from './offline-card.js'
import { overHttp } from './over-http.js'
import { applicationBlock, roundTrip } from './round-trip.js'

/** What the demonstration runs on: a host that is up. */
export interface DemonstrationContext {
  readonly host: HostContext
  /** Where the host answers, `http://127.0.0.1:8400`. */
  readonly url: string
  /** A token with every scope. */
  readonly token: string
}

/** What is shown, and whether every verdict in it is positive. */
export interface Demonstration {
  readonly text: string
  readonly ok: boolean
}

/** Runs the demonstration. */
export async function demonstration({ host, url, token }: DemonstrationContext): Promise<Demonstration> {
  const parts: Part[] = [
    offlineCard(),
    await roundTrip(host.keys),
    await applicationBlock(host.keys),
    await overHttp(url, token),
  ]
  return { text: parts.map((part, i) => partText(part, i + 1)).join('\n'), ok: parts.every(({ ok }) => ok) }
}
