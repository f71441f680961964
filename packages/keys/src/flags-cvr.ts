/**
 * Card verification results: the part of tag 9F10 in which the card reports what it did and saw, one table for each
 * family. A CVR under a verified cryptogram is proof; a TVR is the word of the terminal.
 */
import type { FieldRow, FlagRow, FlagTable } from './flags.js'

/** The cryptogram that a GENERATE AC returned, in two bits. Every family codes it so. */
const SECOND = { 0: 'AAC', 1: 'TC', 2: 'notRequested' } as const
const FIRST = { 0: 'AAC', 1: 'TC', 2: 'ARQC' } as const

function generateAc(byte: number): readonly FieldRow[] {
  return [
    { byte, high: 8, low: 7, name: 'secondGenerateAc', values: SECOND },
    { byte, high: 6, low: 5, name: 'firstGenerateAc', values: FIRST },
  ]
}

/** Bytes 3 and 4 are the same in VIS, PBOC and Visa's formats 2 and 4. */
const VIS_HISTORY: readonly FlagRow[] = [
  [3, 8, 'lastOnlineTransactionNotCompleted', 'last online transaction not completed'],
  [3, 7, 'pinTryLimitExceeded', 'PIN try limit exceeded'],
  [3, 6, 'velocityExceeded', 'a velocity counter exceeded'],
  [3, 5, 'newCard', 'new card'],
  [3, 4, 'lastIssuerAuthenticationFailed', 'issuer authentication failed in the last online transaction'],
  [3, 3, 'issuerAuthenticationNotPerformed', 'issuer authentication not performed after the last online authorization'],
  [3, 2, 'applicationBlockedByPin', 'application blocked by the card, PIN try limit exceeded'],
  [3, 1, 'lastSdaFailed', 'static data authentication failed in the last transaction, declined offline'],
  [4, 4, 'scriptFailed', 'a script command failed in the last transaction'],
  [4, 3, 'lastDdaFailed', 'dynamic data authentication failed in the last transaction, declined offline'],
  [4, 2, 'ddaPerformed', 'dynamic data authentication performed'],
]

const VIS_SCRIPT_COUNTER: FieldRow = { byte: 4, high: 8, low: 5, name: 'scriptCounter' }

/**
 * Visa's IAD formats 0, 1 and 3, and UnionPay: 03, then three bytes.
 * `scriptCounter` counts the commands with a MAC after the second GENERATE AC, in PBOC those with a wrong MAC too.
 * @see [PBOC] 5, [VIS] A, [PBOC-SCRIPT] table 2-18
 */
export const CVR_VIS: FlagTable = {
  name: 'cvr-vis',
  length: 4,
  flags: [
    [2, 4, 'issuerAuthenticationFailed', 'issuer authentication performed and failed'],
    [2, 3, 'offlinePinPerformed', 'offline PIN verification performed'],
    [2, 2, 'offlinePinFailed', 'offline PIN verification failed'],
    [2, 1, 'unableToGoOnline', 'unable to go online'],
    ...VIS_HISTORY,
  ],
  fields: [{ byte: 1, high: 8, low: 1, name: 'length' }, ...generateAc(2), VIS_SCRIPT_COUNTER],
}

/**
 * Visa's IAD formats 2 and 4: five bytes without a length. Byte 1 says who verified the holder and how, byte 5 what is
 * known of a device that holds the card.
 * @see [VIS] F
 */
export const CVR_VISA_5: FlagTable = {
  name: 'cvr-visa-5',
  length: 5,
  flags: [
    [2, 4, 'issuerAuthenticationFailed', 'issuer authentication performed and failed'],
    [2, 3, 'deviceCvmPerformed', 'holder verified on the device'],
    [2, 1, 'unableToGoOnline', 'unable to go online'],
    ...VIS_HISTORY,
    [4, 1, 'pinVerificationNotReceived', 'no PIN verification command although the card expects one'],
    [5, 8, 'deviceNotInDebugMode', 'device not in debug mode'],
    [5, 7, 'deviceNotRooted', 'device not rooted'],
    [5, 6, 'applicationNotHooked', 'mobile application not hooked'],
    [5, 5, 'applicationIntact', 'mobile application intact'],
    [5, 4, 'deviceConnected', 'device has data connectivity'],
    [5, 3, 'deviceGenuine', 'device genuine'],
    [5, 2, 'deviceCvmSuccessful', 'holder verified on the device with success'],
    [5, 1, 'emvSessionKeyScripts', 'secure messaging uses EMV common session keys'],
  ],
  fields: [
    { byte: 1, high: 8, low: 5, name: 'cvmEntity' },
    { byte: 1, high: 4, low: 1, name: 'cvmType' },
    ...generateAc(2),
    VIS_SCRIPT_COUNTER,
  ],
}

/** M/Chip 4 and M/Chip Advance: six bytes. The counters are the right nibbles of the card's counters. [MCHIP] CVR */
export const CVR_MCHIP: FlagTable = {
  name: 'cvr-mchip',
  length: 6,
  flags: [
    [1, 4, 'dateCheckFailed', 'date check failed'],
    [1, 3, 'offlinePinPerformed', 'offline PIN verification performed'],
    [1, 2, 'offlineEncipheredPinPerformed', 'offline verification of an enciphered PIN performed'],
    [1, 1, 'offlinePinSuccessful', 'offline PIN verification successful'],
    [2, 8, 'ddaPerformed', 'dynamic data authentication returned'],
    [2, 7, 'cdaInFirstGenerateAc', 'combined data authentication in the first GENERATE AC'],
    [2, 6, 'cdaInSecondGenerateAc', 'combined data authentication in the second GENERATE AC'],
    [2, 5, 'issuerAuthenticationPerformed', 'issuer authentication performed'],
    [2, 4, 'ciacDefaultSkipped', 'CIAC default skipped on a terminal of type CAT3'],
    [2, 3, 'offlinePinChangeSuccessful', 'offline PIN change successful'],
    [4, 8, 'lastOnlineTransactionNotCompleted', 'last online transaction not completed'],
    [4, 7, 'unableToGoOnline', 'unable to go online'],
    [4, 6, 'offlinePinNotPerformed', 'offline PIN verification not performed'],
    [4, 5, 'offlinePinFailed', 'offline PIN verification failed'],
    [4, 4, 'pinTryLimitExceeded', 'PIN try limit exceeded'],
    [4, 3, 'internationalTransaction', 'international transaction'],
    [4, 2, 'domesticTransaction', 'domestic transaction'],
    [4, 1, 'terminalWronglyConsidersPinOk', 'the terminal wrongly considers the offline PIN verified'],
    [5, 8, 'lowerConsecutiveLimitExceeded', 'lower consecutive offline limit (counter 1) exceeded'],
    [5, 7, 'upperConsecutiveLimitExceeded', 'upper consecutive offline limit (counter 1) exceeded'],
    [5, 6, 'lowerCumulativeLimitExceeded', 'lower cumulative offline limit (accumulator 1) exceeded'],
    [5, 5, 'upperCumulativeLimitExceeded', 'upper cumulative offline limit (accumulator 1) exceeded'],
    [5, 4, 'goOnlineNextTransaction', 'go online in the next transaction was set'],
    [5, 3, 'issuerAuthenticationFailed', 'issuer authentication failed'],
    [5, 2, 'scriptReceived', 'script received'],
    [5, 1, 'scriptFailed', 'script failed'],
    [6, 8, 'lowerConsecutiveLimit2Exceeded', 'lower limit of counter 2 exceeded'],
    [6, 7, 'upperConsecutiveLimit2Exceeded', 'upper limit of counter 2 exceeded'],
    [6, 6, 'lowerCumulativeLimit2Exceeded', 'lower limit of accumulator 2 exceeded'],
    [6, 5, 'upperCumulativeLimit2Exceeded', 'upper limit of accumulator 2 exceeded'],
    [6, 4, 'maximumTransactionAmountExceeded', 'maximum transaction amount exceeded'],
    [6, 3, 'daysOfflineLimitExceeded', 'number of days offline exceeded'],
    [6, 2, 'matchInAdditionalCheckTable', 'match in the additional check table'],
    [6, 1, 'noMatchInAdditionalCheckTable', 'no match in the additional check table'],
  ],
  fields: [
    ...generateAc(1),
    { byte: 2, high: 2, low: 1, name: 'issuerDiscretionary' },
    { byte: 3, high: 8, low: 5, name: 'scriptCounter' },
    { byte: 3, high: 4, low: 1, name: 'pinTryCounter' },
  ],
}

/** Common Core Definitions: five bytes. `scriptCounter` counts commands that were processed with success. [EMV-B3] C7.3 */
export const CVR_CCD: FlagTable = {
  name: 'cvr-ccd',
  length: 5,
  flags: [
    [1, 4, 'cdaPerformed', 'combined data authentication performed'],
    [1, 3, 'ddaPerformed', 'dynamic data authentication performed'],
    [1, 2, 'issuerAuthenticationNotPerformed', 'issuer authentication not performed'],
    [1, 1, 'issuerAuthenticationFailed', 'issuer authentication failed'],
    [2, 4, 'offlinePinPerformed', 'offline PIN verification performed'],
    [2, 3, 'offlinePinFailed', 'offline PIN verification performed and failed'],
    [2, 2, 'pinTryLimitExceeded', 'PIN try limit exceeded'],
    [2, 1, 'lastOnlineTransactionNotCompleted', 'last online transaction not completed'],
    [3, 8, 'lowerConsecutiveLimitExceeded', 'lower offline transaction count limit exceeded'],
    [3, 7, 'upperConsecutiveLimitExceeded', 'upper offline transaction count limit exceeded'],
    [3, 6, 'lowerCumulativeLimitExceeded', 'lower cumulative offline amount limit exceeded'],
    [3, 5, 'upperCumulativeLimitExceeded', 'upper cumulative offline amount limit exceeded'],
    [4, 4, 'scriptFailed', 'script processing failed'],
    [4, 3, 'lastOfflineDataAuthenticationFailed', 'offline data authentication failed in the previous transaction'],
    [4, 2, 'goOnlineNextTransaction', 'go online in the next transaction was set'],
    [4, 1, 'unableToGoOnline', 'unable to go online'],
  ],
  fields: [
    ...generateAc(1),
    { byte: 2, high: 8, low: 5, name: 'pinTryCounter' },
    { byte: 3, high: 4, low: 1, name: 'issuerDiscretionary' },
    { byte: 4, high: 8, low: 5, name: 'scriptCounter' },
  ],
}

/** All CVR tables, for rules that name flags. */
export const CVR_TABLES: readonly FlagTable[] = [CVR_VIS, CVR_VISA_5, CVR_MCHIP, CVR_CCD]
