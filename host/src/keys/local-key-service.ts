/**
 * The key service on the host's own database: keys are unwrapped for one request and zeroed when it is done.
 */
import {
  answerApplicationCryptogram,
  findKeySet,
  type KeySet,
  type SchemeFamily,
  scheme,
  type VerifyCryptogramInput,
  verifyApplicationCryptogram,
} from '@issuerkit/keys'
import { buildScriptCommands } from '@issuerkit/scripts'
import type { Database } from '../database.js'
import { HostError } from '../errors.js'
import type { MasterKey } from '../wrap.js'
import type { CryptogramRequest, KeyService } from './key-service.js'
import { openKeySets } from './stored-keys.js'

/** What the host knows of an issuer besides its keys. */
export interface IssuerProfile {
  /** Whose layout tag 9F10 has. */
  readonly family: SchemeFamily
  /** The scheme of issuer scripts. */
  readonly scheme: string
}

/** An issuer with its unwrapped keys. They live as long as one call of {@link withIssuer}. */
interface OpenIssuer {
  readonly profile: IssuerProfile
  readonly keySets: readonly KeySet[]
}

/** A key service on `database`, with keys wrapped under `masterKey`. */
export function localKeyService(database: Database, masterKey: MasterKey): KeyService {
  const within = <T>(issuer: string, use: (open: OpenIssuer) => T) => withIssuer(database, masterKey, issuer, use)
  return {
    verifyCryptogram: (request) =>
      within(request.issuer, (open) => verifyApplicationCryptogram(verifyInput(open, request))),
    answerCryptogram: (request, decision) =>
      within(request.issuer, (open) => answerApplicationCryptogram(verifyInput(open, request), decision)),
    buildScript: ({ issuer, card, atc, arqc, commands, scheme: given, dki, macLength }) =>
      within(issuer, ({ profile, keySets }) => {
        const name = given ?? profile.scheme
        const set = findKeySet(keySets, dki, scheme(name).algorithm)
        if (set?.mac === undefined) throw new HostError('ERR_NO_KEY')
        const keys = { ac: set.ac, mac: set.mac, ...(set.enc === undefined ? {} : { enc: set.enc }) }
        const input = { scheme: name, keys, card, atc, arqc, ...(macLength === undefined ? {} : { macLength }) }
        return buildScriptCommands(input, commands, { chaining: 'none' })
      }),
  }
}

function verifyInput({ profile, keySets }: OpenIssuer, request: CryptogramRequest): VerifyCryptogramInput {
  const chosen = request.scheme === undefined ? {} : { scheme: request.scheme }
  return { ...request.emv, keySets, card: request.card, family: profile.family, ...chosen }
}

async function withIssuer<T>(
  database: Database,
  masterKey: MasterKey,
  id: string,
  use: (open: OpenIssuer) => T,
): Promise<T> {
  const issuer = await database.selectFrom('issuer').select('profile').where('id', '=', id).executeTakeFirst()
  if (issuer === undefined) throw new HostError('ERR_NOT_FOUND', 'There is no such issuer.')
  const keySets = await openKeySets(database, masterKey, id)
  try {
    return use({ profile: issuer.profile as IssuerProfile, keySets })
  } finally {
    for (const { ac, mac, enc } of keySets) for (const key of [ac, mac, enc]) key?.destroy()
  }
}
