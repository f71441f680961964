/** What a card does against the standard, as a terminal sees it while it reads: values, not exceptions. */

/** A rule of the standard that the card did not keep, in a sentence, and where the rule stands. */
export interface FindingInfo {
  readonly sentence: string
  readonly citation: string
}

/** Every finding there is. A row is data: code, sentence, source. */
export const FINDINGS = {
  DIRECTORY_STATUS: {
    sentence: 'A record of the directory was answered with neither 9000 nor 6A83.',
    citation: '[EMV-B1] 12.3.2',
  },
  DIRECTORY_MALFORMED: {
    sentence: 'The directory, or a record of it, is not the template that it must be.',
    citation: '[EMV-B1] 12.2.3',
  },
  DIRECTORY_ENDLESS: { sentence: 'The directory has no end.', citation: '[EMV-B1] 12.3.2' },
  DIRECTORY_REPEATED: { sentence: 'An application stands in the directory twice.', citation: '[EMV-B1] 12.2.3' },
  DIRECTORY_DDF: {
    sentence: 'The directory names a directory definition file, which is not followed.',
    citation: '[EMV-B1] 12.2.3',
  },
  TOO_MANY_APPLICATIONS: { sentence: 'The card has more applications than are read.', citation: '[EMV-B1] 12.3' },
  SELECT_ENDLESS: {
    sentence: 'The card answers the request for the next application over and over.',
    citation: '[EMV-B1] 12.3.3',
  },
  FCI_MALFORMED: { sentence: 'The answer to SELECT is not a template 6F.', citation: '[EMV-B1] 11.3.4' },
  FCI_DF_NAME: {
    sentence: 'The answer to SELECT has no DF name (84), or one that does not begin with what was asked for.',
    citation: '[EMV-B1] 11.3.4',
  },
  PDOL_MALFORMED: { sentence: 'The PDOL (9F38) is no data object list.', citation: '[EMV-B3] 5.4' },
  PDOL_TOO_LONG: { sentence: 'The PDOL asks for more than a command can hold.', citation: '[EMV-B3] 6.5.8.3' },
  OPTIONS_STATUS: { sentence: 'GET PROCESSING OPTIONS was not answered with 9000.', citation: '[EMV-B3] 10.1' },
  OPTIONS_MALFORMED: {
    sentence: 'The answer to GET PROCESSING OPTIONS holds no proper AIP and AFL.',
    citation: '[EMV-B3] 6.5.8.4',
  },
  AFL_EMPTY: { sentence: 'The application has no records to read.', citation: '[EMV-B3] 10.2' },
  AFL_REPEATED: { sentence: 'The AFL lists a record twice.', citation: '[EMV-B3] 10.2' },
  TOO_MANY_RECORDS: { sentence: 'The AFL lists more records than are read.', citation: '[EMV-B3] 10.2' },
  RECORD_STATUS: { sentence: 'A record of the AFL was not given with 9000.', citation: '[EMV-B3] 10.2' },
  RECORD_MALFORMED: {
    sentence: 'A record of SFI 1 to 10 is not exactly one template 70.',
    citation: '[EMV-B3] 6.5.11.4',
  },
  TAG_REPEATED: { sentence: 'A primitive data object occurs more than once.', citation: '[EMV-B3] 10.2' },
  TAG_MISSING: { sentence: 'A mandatory data object is missing.', citation: '[EMV-B3] 7.2' },
  DDOL_TOO_LONG: { sentence: 'The DDOL asks for more than a command can hold.', citation: '[EMV-B3] 6.5.9.3' },
  INTERNAL_AUTHENTICATE_STATUS: {
    sentence: 'INTERNAL AUTHENTICATE was not answered with 9000.',
    citation: '[EMV-B3] 6.5.9.5',
  },
  INTERNAL_AUTHENTICATE_MALFORMED: {
    sentence: 'The answer to INTERNAL AUTHENTICATE holds no signature.',
    citation: '[EMV-B3] 6.5.9.4',
  },
  GET_DATA_MALFORMED: {
    sentence: 'The answer to GET DATA is not the data object that was asked for.',
    citation: '[EMV-B3] 6.5.7.4',
  },
  LOG_MALFORMED: { sentence: 'The log entry or the log format is not what it must be.', citation: '[EMV-B3] Annex D' },
} as const satisfies Readonly<Record<string, FindingInfo>>

/** A code of the closed set. */
export type FindingCode = keyof typeof FINDINGS

/** One finding. */
export interface Finding extends FindingInfo {
  readonly code: FindingCode
  /** Which record, tag or status it is about: never a value of the card. */
  readonly about?: string
}

/** A finding by its code. */
export function finding(code: FindingCode, about?: string): Finding {
  return { code, ...FINDINGS[code], ...(about === undefined ? {} : { about }) }
}
