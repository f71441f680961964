/** An authorization of dev mode's issuer that waits for its answer, under an id that everybody knows. */
import type { StoreContext } from '../store/card-store.js'
import { type Asked, tagsOf } from './asked.js'
import { deskOf } from './desk.js'
import { chipOf } from './message.js'

export const DEMO_AUTHORIZATION = 'demo-authorization'

/** The published example of a PBOC cryptogram; see demo-issuer.ts. */
const CARD = { pan: '6228000100001', panSequence: '01' } as const
const TAGS = {
  ...{ '82': '7D00', '95': '0080046000', '9A': '140701', '9C': '00', '5F2A': '0156', '9F02': '000000000001' },
  ...{ '9F03': '000000000000', '9F10': '07010103A0400201', '9F1A': '0156', '9F26': '5D016C91005E7CC2' },
  ...{ '9F27': '80', '9F36': '0240', '9F37': '1E78EEBC' },
} as const
const ASKED: Asked = { tags: TAGS, tolerances: [], contact: true, standIn: false, flags: [], findings: [] }

/** Puts it into the database, unless it is there. Its card's ledger knows nothing of it. Dev mode only. */
export async function loadDemoAuthorization(context: StoreContext, issuer: string): Promise<void> {
  const { authorizations, cards } = deskOf(context)
  if ((await authorizations.byId(DEMO_AUTHORIZATION)) !== undefined) return
  await cards.change({ issuer, ...CARD }, (change) => {
    const { atc, fingerprint } = chipOf(tagsOf(ASKED))
    change.keepAuthorization({
      ...{ id: DEMO_AUTHORIZATION, issuer, reference: DEMO_AUTHORIZATION, card: change.card.handle },
      ...{ atc: atc ?? null, fingerprint, verdict: 'V', created: new Date(), request: ASKED, answer: null },
    })
  })
}
