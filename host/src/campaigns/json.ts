/** Campaigns as the interface shows them. */
import type { Campaign } from './campaign.js'

/** What a campaign is and how far it has come; what is done with each line is in the ledgers of the cards. */
export function campaignJson({ id, kind, issuer, operator, created, state, total, lines, chunks }: Campaign): object {
  return {
    ...{ campaign: id, kind, issuer, operator, created: created.toISOString() },
    ...{ state, total, ...lines, chunks },
  }
}
