/**
 * The profile of a debit/credit card, as people write it in JSON: what a bureau is told. Checked strictly, with every
 * default filled in; what the scheme decides is asked of its row.
 */
import { IssuerkitError } from '@issuerkit/apdu'
import { SCHEMES, type SchemeName } from '@issuerkit/keys'
import { atrProtocol } from './answer-to-reset.js'
import type { CardSwitches } from './debit-credit-model.js'
import { type ApplicationProfile, parseApplication } from './profile-application.js'
import { choice, flag, hex, list, misfit, object, optional, text, whole } from './profile-fields.js'

/** A card's profile, checked and complete; hexadecimal unless said otherwise. */
export interface CardProfile {
  readonly protocol: 'T=0' | 'T=1'
  readonly atr: string
  /** Whether the card has the directories of [EMV-B1] 12.2.2 (PSE) and of contactless readers (PPSE). */
  readonly pse: boolean
  readonly ppse: boolean
  readonly switches: CardSwitches
  /** 1 to 4, so that all of them fit one record of the directory. */
  readonly applications: readonly ApplicationProfile[]
}

/** Answers to reset by protocol. [EMV-B1] 8.3 */
const ATR = { 'T=0': '3B6800000073C84000009000', 'T=1': '3BE000008131204535' } as const

/** The readings that cards in the field share. [PBOC-SCRIPT] 6, 9, 10, [PBOC] 5 */
const SWITCHES = object({
  selectBlocked: optional(choice('6283', '6A81'), '6283'),
  nothingPending: optional(choice('6D00', '6F00', '6985'), '6D00'),
  signAac: optional(flag, false),
  scriptsNeedIssuerAuth: optional(choice('never', 'ifPerformed', 'ifAipSupports'), 'ifPerformed'),
  unblockNeedsIssuerAuth: optional(flag, false),
  scriptCounterOverflow: optional(choice('saturate', 'wrap'), 'saturate'),
  unknownPutDataTag: optional(choice('6A80', '6A88'), '6A80'),
  missingMac: optional(choice('6E00', '6987'), '6E00'),
  macFailureLimit: optional(whole(0, 255), 100),
  macLength: optional(whole(4, 8)),
  chainedScripts: optional(flag, false),
  pinBlockKey: optional(choice('ac', 'enc')),
  offlineLimitTags: optional(choice('emv', 'pboc-script'), 'emv'),
})

const PROFILE = object({
  comment: optional(text(/^.{0,500}$/s, 'text of at most 500 characters')),
  protocol: optional(choice('T=0', 'T=1'), 'T=0'),
  atr: optional(hex(2, 32)),
  pse: optional(flag, true),
  ppse: optional(flag, true),
  switches: optional(SWITCHES, SWITCHES({}, 'switches')),
  applications: list(parseApplication, 1, 4),
})

/**
 * A profile from parsed JSON.
 * @throws ERR_CARD with the place of what is missing, unknown or out of its range (`applications[0].keys.master.ac`);
 *   ERR_PAN, ERR_PAN_SEQUENCE, ERR_PIN, ERR_DATE, ERR_HEX, ERR_SCHEME, ERR_DOL, ERR_KEY where one of these says it
 *   better. No error repeats a value.
 */
export function parseCardProfile(json: unknown): CardProfile {
  const { protocol, atr = ATR[protocol], switches, pse, ppse, applications } = PROFILE(json, '(profile)')
  if (atrProtocol(atr) !== protocol) throw misfit('atr', `an answer to reset that says ${protocol}`)
  const aids = applications.map(({ aid }) => aid)
  // [EMV-B1] 12.3.3: a partial AID selects the first that it begins, so none may hide another.
  if (aids.some((aid, i) => aids.some((other, j) => i !== j && other.startsWith(aid)))) {
    throw misfit('applications', 'AIDs of which none is the beginning of another')
  }
  if (switches.chainedScripts) expectChainable(applications.map(({ scheme }) => scheme))
  const { macLength, pinBlockKey, ...others } = switches
  return {
    protocol,
    atr,
    pse,
    ppse,
    switches: {
      ...others,
      ...(macLength === undefined ? {} : { macLength }),
      ...(pinBlockKey === undefined ? {} : { pinBlockKey }),
    },
    applications,
  }
}

function expectChainable(names: readonly SchemeName[]): void {
  if (names.every((name) => SCHEMES[name].scriptSession === 'emv-common')) return
  throw new IssuerkitError('ERR_CARD', {
    label: 'switches.chainedScripts',
    expected: 'schemes whose script session keys come from the ARQC',
  })
}
