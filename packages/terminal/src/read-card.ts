/** A whole card: its directories, every application, what each of them says, and whether it is genuine. */
import { type Exchange, IssuerkitError, parseResponse } from '@issuerkit/apdu'
import {
  byPriority,
  type Candidate,
  DEFAULT_AIDS,
  type FoundApplications,
  selectByList,
  selectDirectory,
  selectProximityDirectory,
} from './application-selection.js'
import { type CardData, readCardData } from './card-data.js'
import { type InitiatedApplication, initiateApplication } from './initiate-application.js'
import {
  type AuthenticationOptions,
  authenticateApplication,
  type OfflineAuthentication,
} from './offline-authentication.js'
import { type ApplicationReading, readApplication } from './read-application.js'
import { type SelectedApplication, selectApplication } from './select-application.js'
import { createTerminalData, type TerminalData } from './terminal-data.js'

/** A way of looking for applications. */
export type SelectionMethod = 'pse' | 'ppse' | 'list'

/** A way that was tried, and what it found. */
export interface Search extends FoundApplications {
  readonly method: SelectionMethod
}

/** One application, as far as it could be read. */
export interface ApplicationTree {
  readonly selected: SelectedApplication
  /** What the directory said of it; absent for a blocked application found by the list. */
  readonly candidate?: Candidate
  readonly initiated?: InitiatedApplication
  readonly reading?: ApplicationReading
  readonly authentication?: OfflineAuthentication
  readonly data?: CardData
}

/** A card, as far as it could be read. */
export interface CardTree {
  /** The ways tried, in their order. */
  readonly searches: readonly Search[]
  /** By priority. */
  readonly applications: readonly ApplicationTree[]
  /** 6A81 to the first SELECT. */
  readonly cardBlocked: boolean
  /** The error that ended the reading: the card was taken out, or answered what is no answer. What was read before stays. */
  readonly ended?: IssuerkitError
}

/** How a card is read. */
export interface ReadCardOptions {
  /** Whose keys vouch; without it no application is authenticated. */
  readonly authentication?: AuthenticationOptions
  /** Default: {@link createTerminalData}. */
  readonly terminal?: TerminalData
  /** The AIDs tried where no directory names an application. Default {@link DEFAULT_AIDS}. */
  readonly aids?: readonly Uint8Array[]
  /** The ways to look for applications, in their order, up to the first that finds one. Default: all three. */
  readonly methods?: readonly SelectionMethod[]
}

/**
 * Reads all applications of a card: directory or list, and for each application SELECT, GET PROCESSING OPTIONS, the
 * records, offline data authentication, GET DATA and the log. No cryptogram is asked for; GET PROCESSING OPTIONS counts
 * the transaction counter up, as any reading does.
 *
 * For a T=0 card the exchange must answer 61XX and 6CXX itself (`withGetResponse`).
 * @throws ERR_DATE, ERR_LENGTH for options out of range; what goes wrong with the card is in the tree
 * @see [EMV-B1] 12.3, [EMV-B3] 10.1 to 10.3
 */
export async function readCard(exchange: Exchange, options: ReadCardOptions = {}): Promise<CardTree> {
  const { methods = ['pse', 'ppse', 'list'], aids = DEFAULT_AIDS } = options
  const { terminal = createTerminalData() } = options
  const searches: Search[] = []
  const applications: ApplicationTree[] = []
  const guarded = guard(exchange)
  try {
    for (const method of methods) {
      const search = { method, ...(await SEARCH[method](guarded, aids)) }
      searches.push(search)
      if (search.cardBlocked) return { searches, applications, cardBlocked: true }
      for (const selected of search.blocked) applications.push({ selected })
      if (search.candidates.length === 0) continue
      for (const candidate of byPriority(search.candidates)) {
        await readInto(applications, guarded, candidate, terminal, options.authentication)
      }
      break
    }
  } catch (error) {
    if (!(error instanceof CardFailure)) throw error
    return { searches, applications, cardBlocked: false, ended: error.reason }
  }
  return { searches, applications, cardBlocked: false }
}

const SEARCH: Readonly<
  Record<SelectionMethod, (exchange: Exchange, aids: readonly Uint8Array[]) => Promise<FoundApplications>>
> = {
  pse: selectDirectory,
  ppse: selectProximityDirectory,
  list: selectByList,
}

/** Adds an application step by step, so that what was read stays when the card fails. */
async function readInto(
  applications: ApplicationTree[],
  exchange: Exchange,
  candidate: Candidate,
  terminal: TerminalData,
  authentication: AuthenticationOptions | undefined,
): Promise<void> {
  const selected = await selectApplication(exchange, candidate.aid)
  let tree: ApplicationTree = { selected, candidate }
  const at = applications.push(tree) - 1
  const add = (part: Partial<ApplicationTree>): void => {
    tree = { ...tree, ...part }
    applications[at] = tree
  }
  if (selected.status !== '9000') return
  const initiated = await initiateApplication(exchange, selected, terminal, authentication?.asSent)
  add({ initiated })
  if (initiated.ok) {
    const reading = await readApplication(exchange, selected, initiated)
    add({ reading })
    if (authentication !== undefined) {
      add({ authentication: await authenticateApplication(exchange, reading, terminal, authentication) })
    }
  }
  add({ data: await readCardData(exchange, selected.objects.get('9F4D')) })
}

/** What the exchange, or an answer that is none, ended the reading with. */
class CardFailure extends Error {
  readonly reason: IssuerkitError

  constructor(reason: IssuerkitError) {
    super(reason.message)
    this.reason = reason
  }
}

/** The card's failures told apart from a caller's mistakes. */
function guard(exchange: Exchange): Exchange {
  return async (command) => {
    try {
      const answer = await exchange(command)
      parseResponse(answer)
      return answer
    } catch (error) {
      throw error instanceof IssuerkitError ? new CardFailure(error) : error
    }
  }
}
