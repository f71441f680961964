/** The chapters of the card test specification that cases belong to. */

/** Title of a chapter, in its order. [ETC] */
export const CHAPTERS: Readonly<Record<string, string>> = {
  '3.2': 'Files as personalised',
  '3.3': 'Keys as personalised',
  '4.1.1': 'READ BINARY',
  '4.1.2': 'UPDATE BINARY',
  '4.1.3': 'VERIFY',
  '4.1.4': 'CHANGE PIN',
  '4.1.5': 'RELOAD PIN',
  '4.1.6': 'PIN UNBLOCK',
  '4.1.7': 'GET CHALLENGE',
  '4.1.8': 'APPLICATION BLOCK',
  '4.1.9': 'APPLICATION UNBLOCK',
  '4.1.10': 'CARD BLOCK',
  '4.1.11': 'GET RESPONSE',
  '4.1.12': 'SELECT',
  '4.2.1': 'Load',
  '4.2.2': 'Unload',
  '4.2.3': 'Cash withdrawal',
  '4.2.4': 'Purchase',
  '4.2.5': 'Overdraft limit',
  '4.2.6': 'GET BALANCE',
  '4.2.7': 'GET TRANSACTION PROVE',
  '4.3.1': 'Composite purchase',
  '4.3.2': 'UPDATE CAPP DATA CACHE',
  '5': 'Transaction state machine',
  '6': 'Random transactions',
  '7.0': 'Parameters: unknown instructions',
  '7.1.1': 'Parameters: READ BINARY',
  '7.1.2': 'Parameters: UPDATE BINARY',
  '7.1.3': 'Parameters: VERIFY',
  '7.1.4': 'Parameters: CHANGE PIN',
  '7.1.5': 'Parameters: RELOAD PIN',
  '7.1.6': 'Parameters: PIN UNBLOCK',
  '7.1.7': 'Parameters: GET CHALLENGE',
  '7.1.8': 'Parameters: APPLICATION BLOCK',
  '7.1.9': 'Parameters: APPLICATION UNBLOCK',
  '7.1.10': 'Parameters: CARD BLOCK',
  '7.1.11': 'Parameters: GET RESPONSE',
  '7.1.12': 'Parameters: SELECT',
  '8.2.1': 'Power cuts: UPDATE BINARY',
  '8.2.2': 'Power cuts: VERIFY',
  '8.2.3': 'Power cuts: CHANGE PIN, RELOAD PIN',
  '8.2.4': 'Power cuts: PIN UNBLOCK',
  '8.2.5': 'Power cuts: APPLICATION BLOCK for a time',
  '8.2.6': 'Power cuts: APPLICATION UNBLOCK',
  '8.2.7': 'Power cuts: CARD BLOCK, APPLICATION BLOCK for good',
  '8.2.8': 'Power cuts: CREDIT FOR LOAD',
  '8.2.9': 'Power cuts: DEBIT FOR UNLOAD',
  '8.2.10': 'Power cuts: purchase, cash withdrawal',
  '8.2.11': 'Power cuts: UPDATE OVERDRAFT LIMIT',
  '8.2.12': 'Power cuts: composite purchase',
}

/** The chapter of a case: what stands before the hyphen of its id. */
export function chapterOf(id: string): string {
  return id.split('-', 1)[0] as string
}

/** Whether an id is a case, a chapter, or lies in one: `4.1.3-1`, `4.1.3`, `4.1`, `4`; `4.1.1` does not hold `4.1.10`. */
export function isWithin(id: string, only: string): boolean {
  return id === only || (id.startsWith(only) && /^[-.]/.test(id.slice(only.length)))
}
