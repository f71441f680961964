/** What the terminal reports: TVR (tag 95), TSI (9B), terminal capabilities (9F33), CVM results (9F34). */
import { type DecodedFlags, decodeFlags, type FlagTable } from './flags.js'

/** Terminal verification results, tag 95. [EMV-B3] C5 */
export const TVR: FlagTable = {
  name: 'tvr',
  length: 5,
  flags: [
    [1, 8, 'offlineDataAuthenticationNotPerformed', 'offline data authentication not performed'],
    [1, 7, 'sdaFailed', 'static data authentication failed'],
    [1, 6, 'iccDataMissing', 'data of the card missing'],
    [1, 5, 'cardOnExceptionFile', 'card on the exception file of the terminal'],
    [1, 4, 'ddaFailed', 'dynamic data authentication failed'],
    [1, 3, 'cdaFailed', 'combined data authentication failed'],
    [1, 2, 'sdaSelected', 'static data authentication selected'],
    [2, 8, 'applicationVersionsDiffer', 'card and terminal have different application versions'],
    [2, 7, 'applicationExpired', 'application expired'],
    [2, 6, 'applicationNotYetEffective', 'application not yet effective'],
    [2, 5, 'serviceNotAllowed', 'service not allowed for the card product'],
    [2, 4, 'newCard', 'new card'],
    [3, 8, 'cardholderVerificationFailed', 'cardholder verification not successful'],
    [3, 7, 'cvmUnrecognised', 'cardholder verification method not recognised'],
    [3, 6, 'pinTryLimitExceeded', 'PIN try limit exceeded'],
    [3, 5, 'pinPadMissing', 'PIN required, PIN pad absent or not working'],
    [3, 4, 'pinNotEntered', 'PIN required, PIN pad present, PIN not entered'],
    [3, 3, 'onlinePinEntered', 'online PIN entered'],
    [4, 8, 'floorLimitExceeded', 'floor limit exceeded'],
    [4, 7, 'lowerConsecutiveOfflineLimitExceeded', 'lower consecutive offline limit exceeded'],
    [4, 6, 'upperConsecutiveOfflineLimitExceeded', 'upper consecutive offline limit exceeded'],
    [4, 5, 'selectedRandomly', 'selected at random for online processing'],
    [4, 4, 'forcedOnline', 'forced online by the merchant'],
    [5, 8, 'defaultTdolUsed', 'default TDOL used'],
    [5, 7, 'issuerAuthenticationFailed', 'issuer authentication failed'],
    [5, 6, 'scriptFailedBeforeFinalAc', 'script failed before the final GENERATE AC'],
    [5, 5, 'scriptFailedAfterFinalAc', 'script failed after the final GENERATE AC'],
  ],
  fields: [],
}

/** Transaction status information, tag 9B. [EMV-B3] C6 */
export const TSI: FlagTable = {
  name: 'tsi',
  length: 2,
  flags: [
    [1, 8, 'offlineDataAuthenticationPerformed', 'offline data authentication performed'],
    [1, 7, 'cardholderVerificationPerformed', 'cardholder verification performed'],
    [1, 6, 'cardRiskManagementPerformed', 'card risk management performed'],
    [1, 5, 'issuerAuthenticationPerformed', 'issuer authentication performed'],
    [1, 4, 'terminalRiskManagementPerformed', 'terminal risk management performed'],
    [1, 3, 'scriptPerformed', 'issuer script performed'],
  ],
  fields: [],
}

/** Terminal capabilities, tag 9F33. [EMV-B4] A2 */
export const TERMINAL_CAPABILITIES: FlagTable = {
  name: 'terminal-capabilities',
  length: 3,
  flags: [
    [1, 8, 'manualKeyEntry', 'manual key entry'],
    [1, 7, 'magneticStripe', 'magnetic stripe'],
    [1, 6, 'contactChip', 'chip with contacts'],
    [2, 8, 'plaintextPinOffline', 'plaintext PIN, verified by the card'],
    [2, 7, 'encipheredPinOnline', 'enciphered PIN, verified online'],
    [2, 6, 'signature', 'signature on paper'],
    [2, 5, 'encipheredPinOffline', 'enciphered PIN, verified by the card'],
    [2, 4, 'noCvm', 'no cardholder verification'],
    [3, 8, 'sda', 'static data authentication'],
    [3, 7, 'dda', 'dynamic data authentication'],
    [3, 6, 'cardCapture', 'card capture'],
    [3, 4, 'cda', 'combined data authentication'],
  ],
  fields: [],
}

/** CVM codes, the low six bits of byte 1. [EMV-B3] C3 */
const CVM_METHODS: Readonly<Record<number, string>> = {
  0: 'failCvm',
  1: 'plaintextPinOffline',
  2: 'encipheredPinOnline',
  3: 'plaintextPinOfflineAndSignature',
  4: 'encipheredPinOffline',
  5: 'encipheredPinOfflineAndSignature',
  30: 'signature',
  31: 'noCvm',
  63: 'noCvmPerformed',
}

/** CVM condition codes, byte 2. [EMV-B3] C3 */
const CVM_CONDITIONS: Readonly<Record<number, string>> = {
  0: 'always',
  1: 'unattendedCash',
  2: 'neitherCashNorCashback',
  3: 'terminalSupportsTheCvm',
  4: 'manualCash',
  5: 'cashback',
  6: 'applicationCurrencyUnderX',
  7: 'applicationCurrencyOverX',
  8: 'applicationCurrencyUnderY',
  9: 'applicationCurrencyOverY',
}

/** Cardholder verification method results, tag 9F34. [EMV-B4] A4 */
export const CVM_RESULTS: FlagTable = {
  name: 'cvm-results',
  length: 3,
  flags: [[1, 7, 'applySucceedingIfUnsuccessful', 'the next rule applies if this method is unsuccessful']],
  fields: [
    { byte: 1, high: 6, low: 1, name: 'method', values: CVM_METHODS },
    { byte: 2, high: 8, low: 1, name: 'condition', values: CVM_CONDITIONS },
    { byte: 3, high: 8, low: 1, name: 'result', values: { 0: 'unknown', 1: 'failed', 2: 'successful' } },
  ],
}

/**
 * Terminal verification results (tag 95), 5 bytes, as named bits.
 * @throws ERR_LENGTH
 * @see [EMV-B3] C5
 */
export function decodeTvr(bytes: Uint8Array): DecodedFlags {
  return decodeFlags(TVR, bytes)
}

/**
 * Transaction status information (tag 9B), 2 bytes, as named bits.
 * @throws ERR_LENGTH
 * @see [EMV-B3] C6
 */
export function decodeTsi(bytes: Uint8Array): DecodedFlags {
  return decodeFlags(TSI, bytes)
}

/**
 * Terminal capabilities (tag 9F33), 3 bytes, as named bits.
 * @throws ERR_LENGTH
 * @see [EMV-B4] A2
 */
export function decodeTerminalCapabilities(bytes: Uint8Array): DecodedFlags {
  return decodeFlags(TERMINAL_CAPABILITIES, bytes)
}

/**
 * Cardholder verification method results (tag 9F34), 3 bytes: method, condition and result by name, or as numbers where
 * the standard names none. `3F0000`: no method was performed.
 * @throws ERR_LENGTH
 * @see [EMV-B4] A4
 */
export function decodeCvmResults(bytes: Uint8Array): DecodedFlags {
  return decodeFlags(CVM_RESULTS, bytes)
}
