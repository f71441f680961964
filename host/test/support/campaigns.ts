/** Campaigns in tests: nodes that work on them, and what is asked of them over HTTP. */
import { onTestFinished } from 'vitest'
import { type RunnerTimes, startCampaigns } from '../../src/campaigns/runner.js'
import { type Database, type DatabaseAddress, openDatabase } from '../../src/database.js'
import { localKeyService } from '../../src/keys/local-key-service.js'
import type { CardLedger } from '../../src/ledger/model.js'
import { MasterKey } from '../../src/wrap.js'
import type { TestServer } from './server.js'

const FAST: Partial<RunnerTimes> = { first: 0, idle: 20, maintenance: 50 }
const NDJSON = { 'content-type': 'application/x-ndjson' }

/** A node that does nothing but campaigns, on a pool of its own. @returns what went wrong in it */
export function startNode(address: DatabaseAddress, times: Partial<RunnerTimes> = {}): unknown[] {
  const database = openDatabase({ address })
  const masterKey = new MasterKey(new Uint8Array(32))
  const errors: unknown[] = []
  const keys = localKeyService(database, masterKey)
  const runner = startCampaigns(
    { database, masterKey, keys },
    { onError: (error) => errors.push(error), times: { ...FAST, ...times } },
  )
  onTestFinished(async () => {
    await runner.close()
    await database.destroy()
  })
  return errors
}

export interface Progress {
  readonly campaign: string
  readonly state: string
  readonly total: number
  readonly waiting: number
  readonly done: number
  readonly failed: number
  readonly invalid: number
  readonly chunks: { readonly total: number; readonly done: number }
}

export type ResultLine = Readonly<Record<string, unknown>> & { readonly line: number; readonly state: string }

/** The entries of a campaign that stand in ledgers, each as often as it does. */
export async function entriesOf(database: Database, campaign: string): Promise<readonly string[]> {
  const rows = await database.selectFrom('card_ledger').select('body').execute()
  return rows
    .flatMap(({ body }) => (body as CardLedger).entries)
    .map(({ id }) => id)
    .filter((id) => id.startsWith(`${campaign}.`))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}

/** The routes of campaigns, asked by somebody who may. */
export function campaignClient(server: () => TestServer) {
  const post = async (path: string, payload?: object | string, headers = {}) => {
    const type = typeof payload === 'string' ? NDJSON : {}
    const options = payload === undefined ? {} : { payload }
    const url = `/v1/campaigns${path}`
    const answer = await server().send({ method: 'POST', url, headers: { ...type, ...headers }, ...options })
    return { status: answer.statusCode, body: answer.json() }
  }
  const progress = async (id: string) => (await server().send({ url: `/v1/campaigns/${id}` })).json() as Progress
  return {
    post,
    progress,
    /** Makes a campaign and gives it its lines. @returns its id */
    async make(settings: object, lines: readonly object[]): Promise<string> {
      const { body } = await post('', settings)
      await post(`/${body.campaign}/lines`, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
      return body.campaign
    },
    async result(id: string, query = ''): Promise<readonly ResultLine[]> {
      const { body } = await server().send({ url: `/v1/campaigns/${id}/result${query}` })
      return body === ''
        ? []
        : body
            .trim()
            .split('\n')
            .map((text) => JSON.parse(text) as ResultLine)
    },
    /** Waits until it is in a state. */
    async until(id: string, state: string, seconds = 50): Promise<Progress> {
      const end = performance.now() + 1000 * seconds
      for (;;) {
        const now = await progress(id)
        if (now.state === state || performance.now() > end) return now
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
  }
}
