/**
 * Forgetting campaigns that are over and old: their lines, results and settings. The row stays, so that their ids, which the
 * ids of entries in ledgers and archives begin with, are never given again.
 */
import { type SqlBool, sql } from 'kysely'
import type { Database } from '../database.js'

/**
 * Forgets campaigns that nobody has changed since `before`, one after the other, each as a whole. One that is paused, or has
 * lines waiting for their turn, is not over; one that somebody is changing is left to him.
 * @returns how many
 */
export async function forgetCampaigns(database: Database, before: Date, closing?: AbortSignal): Promise<number> {
  let forgotten = 0
  while (closing?.aborted !== true && (await forgetOne(database, before))) forgotten += 1
  return forgotten
}

function forgetOne(database: Database, before: Date): Promise<boolean> {
  return database.transaction().execute(async (transaction) => {
    const campaign = await transaction
      .selectFrom('campaign')
      .select('id')
      .where('changed_at', '<', before)
      .where('state', 'not in', ['paused', 'forgotten'])
      .where(
        sql<SqlBool>`not (state = 'running' and exists (
          select from campaign_line where campaign_line.campaign = campaign.id and campaign_line.state = 'waiting'))`,
      )
      .limit(1)
      .forUpdate()
      .skipLocked()
      .executeTakeFirst()
    if (campaign === undefined) return false
    const { id } = campaign
    await transaction.deleteFrom('campaign_line').where('campaign', '=', id).execute()
    await transaction.updateTable('campaign').set({ state: 'forgotten', settings: '{}' }).where('id', '=', id).execute()
    return true
  })
}
