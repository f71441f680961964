/**
 * The issuer of dev mode. Its keys are the published ones of a worked PBOC example, known to everybody.
 *
 * Source: "PBOC ARQC and ARPC computed step by step" as posted at uzzz.org/2016/01/08 and, in the same words, on cnblogs
 * (1024Planet/p/6256545); MAC and ENC keys belong to the same collection of card test data.
 */
import { fromHex } from '@issuerkit/apdu'
import { TdesKey } from '@issuerkit/keys'
import { loadDemoAuthorization } from './authorizations/demo-authorization.js'
import { loadDemoCards } from './cards/demo-cards.js'
import { loadDemoChannels } from './channels/demo.js'
import type { Database } from './database.js'
import type { IssuerProfile } from './keys/issuer-profile.js'
import { localKeyService } from './keys/local-key-service.js'
import { storeIssuerKey } from './keys/stored-keys.js'
import type { MasterKey } from './wrap.js'

/** The id of dev mode's issuer. */
export const DEMO_ISSUER = 'demo-pboc'

const PROFILE: IssuerProfile = { family: 'unionpay', scheme: 'pboc' }
const KEYS = {
  AC: 'F0C34A8124CEE0A91A0B034AA97D6EAC',
  MAC: '12B1AC4AF070CC35612BFE2D30AB600D',
  ENC: 'D30F45EABC12AC3EF56B0C0D7F8654DE',
} as const

/** Puts the demo issuer, its keys and its cards into the database, unless they are there. Dev mode only. */
export async function loadDemoIssuer(database: Database, masterKey: MasterKey): Promise<void> {
  await database
    .insertInto('issuer')
    .values({ id: DEMO_ISSUER, profile: JSON.stringify(PROFILE) })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
  for (const usage of ['AC', 'MAC', 'ENC'] as const) {
    const key = TdesKey.create('issuer', usage, fromHex(KEYS[usage]))
    await storeIssuerKey(database, masterKey, { id: `${DEMO_ISSUER}-${usage}`, issuer: DEMO_ISSUER, dki: 1, key })
    key.destroy()
  }
  const context = { database, masterKey, keys: localKeyService(database, masterKey) }
  await loadDemoCards(context, DEMO_ISSUER)
  await loadDemoAuthorization(context, DEMO_ISSUER)
  await loadDemoChannels(database, masterKey, DEMO_ISSUER)
}
