/**
 * Verifying an application cryptogram as an authorization host does: from the message to a verdict.
 *
 * What a network sent wrong is a verdict (F, U, I ...), never an exception; what the caller does wrong (a PAN with
 * letters, an unknown scheme, two key sets of one DKI) throws.
 */
import { expectLength, IssuerkitError } from '@issuerkit/apdu'
import { type CardIdentity, expectCardIdentity } from './card-identity.js'
import { verifyCryptogram } from './cryptogram.js'
import { type CryptogramDataOptions, cryptogramData, missingElements } from './cryptogram-data.js'
import { type EmvData, hintWithAid, readEmvData } from './cryptogram-generate.js'
import { type CryptogramKeys, withCryptogramKeys } from './cryptogram-key.js'
import { isUnionPayOrder, parseField55 } from './de55.js'
import { expectTagLength, type TagValues, type Tolerance } from './de55-tolerances.js'
import { type DecodedFlags, decodeFlags, type FlagTable } from './flags.js'
import { CVM_RESULTS, TERMINAL_CAPABILITIES, TSI, TVR } from './flags-terminal.js'
import { familyOfAid, type IadHint, type IssuerApplicationData, parseIssuerApplicationData } from './issuer-application-data.js'
import type { SecretKey } from './key.js'
import type { KeySet } from './key-set.js'
import { type SchemeName, scheme } from './schemes.js'
import { type AtcKnowledge, type CryptogramType, judgeAtc } from './verify-atc.js'
import { checkDiscretionaryData } from './verify-idd.js'
import { chooseKey } from './verify-keys.js'
import { expectResultPolicy, policyHits, type ResultPolicy } from './verify-policy.js'
import { type CryptogramVerdict, VERDICT_REASONS, type VerdictCode } from './verify-verdict.js'
