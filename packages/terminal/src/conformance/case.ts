/** A case of the conformance test, and the card that it is run on. */
import type { CardMemory } from '@issuerkit/card'
import type { CardConnection } from '../connection.js'
import type { PurseTestProfile } from './profile.js'
import type { PurseTester } from './tester.js'

/** A card in a reader, or a virtual one. */
export interface CardUnderTest {
  readonly connection: CardConnection
  readonly profile: PurseTestProfile
  /** A fresh copy of the card as it was personalised; virtual cards only. */
  readonly clone?: () => Promise<CardUnderTest>
  /** The card's memory, to arm its fuse and to prepare states that no command reaches; virtual cards only. */
  readonly memory?: CardMemory
}

/**
 * What a case cannot be run without.
 *
 * | need | the card |
 * |---|---|
 * | `clone` | has copies: the case uses up more cards than one |
 * | `fuse` | gives access to its memory |
 * | `long-file` | has a binary file of more than 255 bytes (`longFile` of the profile) |
 * | `grey-lock` | has a key of the grey lock |
 * | `composite` | has the file of the composite purchase (`composite` of the profile) |
 * | `T=0` | speaks T=0: 61XX and GET RESPONSE are visible |
 */
export type CaseNeed = 'clone' | 'fuse' | 'long-file' | 'grey-lock' | 'composite' | 'T=0'

/** One case. */
export interface ConformanceCase {
  /** Chapter and number of the specification: `4.1.3-5`. */
  readonly id: string
  readonly title: string
  /** From the text of the specification, or reconstructed from its title and the standard. */
  readonly source: 'seed' | 'reconstructed'
  /** The card is of no use afterwards. */
  readonly destructive: boolean
  readonly needs?: readonly CaseNeed[]
  /** Rejects with CaseFailed at the first answer that is not the expected one. */
  readonly run: (t: PurseTester) => Promise<void>
}

/** What the case needs and the card does not have. */
export function missingNeeds({ needs = [] }: Pick<ConformanceCase, 'needs'>, card: CardUnderTest): CaseNeed[] {
  const has: Readonly<Record<CaseNeed, boolean>> = {
    clone: card.clone !== undefined,
    fuse: card.memory !== undefined,
    'long-file': card.profile.longFile !== undefined,
    'grey-lock': card.profile.applications[0].keys.some(({ name }) => name === 'grey'),
    composite: card.profile.composite !== undefined,
    'T=0': card.connection.protocol === 'T=0',
  }
  return needs.filter((need) => !has[need])
}
