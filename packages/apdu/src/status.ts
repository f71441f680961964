/** The meaning of status words. @see [ISO7816-4] 5.1.3, [EMV-B3] 6.3.5, [PBOC] (6901, 93XX and 94XX of the e-purse) */
import { checkStatus } from './response.js'

/** Status words by their four digits. X stands for any digit; the text's {n} for the number that the X digits hold. */
export const STATUS_WORDS: Readonly<Record<string, string>> = {
  '9000': 'success',
  '61XX': 'success, {n} bytes wait for GET RESPONSE',
  '6200': 'warning, memory unchanged: no information',
  '6281': 'warning: part of the returned data may be corrupted',
  '6282': 'warning: end of file or record reached before Le bytes',
  '6283': 'warning: the selected file or application is blocked',
  '6284': 'warning: file control information not in the expected format',
  '6285': 'warning: the selected file is in termination state',
  '62XX': 'warning, memory unchanged',
  '6300': 'warning: authentication or verification failed',
  '6381': 'warning: the file is full after the last write',
  '63CX': 'warning: counter is {n} (tries left after a failed verification)',
  '63XX': 'warning, memory changed',
  '6400': 'execution error, memory unchanged: no information',
  '64XX': 'execution error, memory unchanged',
  '6581': 'execution error: memory failure',
  '65XX': 'execution error, memory changed',
  '66XX': 'execution error: security',
  '6700': 'wrong length',
  '6881': 'logical channel not supported',
  '6882': 'secure messaging not supported',
  '6883': 'last command of the chain expected',
  '6884': 'command chaining not supported',
  '68XX': 'function of the class byte not supported',
  '6901': 'command not accepted in this state',
  '6981': 'command incompatible with the file structure',
  '6982': 'security status not satisfied',
  '6983': 'authentication method blocked',
  '6984': 'reference data not usable',
  '6985': 'conditions of use not satisfied',
  '6986': 'command not allowed: no current elementary file',
  '6987': 'secure messaging data object missing',
  '6988': 'secure messaging data object incorrect',
  '69XX': 'command not allowed',
  '6A80': 'wrong parameter in the data field',
  '6A81': 'function not supported, or card or application blocked',
  '6A82': 'file or application not found',
  '6A83': 'record not found',
  '6A84': 'not enough memory in the file',
  '6A85': 'Lc inconsistent with the TLV structure',
  '6A86': 'wrong P1 or P2',
  '6A87': 'Lc inconsistent with P1 and P2',
  '6A88': 'referenced data not found',
  '6A89': 'file already exists',
  '6A8A': 'DF name already exists',
  '6AXX': 'wrong parameter P1 or P2',
  '6B00': 'wrong parameter P1 or P2',
  '6CXX': 'wrong Le: {n} bytes are available',
  '6D00': 'instruction not supported or invalid',
  '6E00': 'class not supported',
  '6F00': 'no precise diagnosis',
  '9302': 'MAC invalid',
  '9303': 'application permanently locked',
  '9401': 'insufficient amount',
  '9402': 'transaction counter at its maximum',
  '9403': 'key index not supported',
  '9406': 'required MAC or TAC not available',
  '9408': 'purse locked by an unfinished transaction',
}

/**
 * What a status word means, in English; "application-specific" for one that no table names.
 * @param status four upper-case hexadecimal digits
 * @throws ERR_RESPONSE when it is not a status word
 */
export function describeStatus(status: string): string {
  checkStatus(status)
  for (const digits of [0, 1, 2]) {
    const text = STATUS_WORDS[status.slice(0, 4 - digits) + 'X'.repeat(digits)]
    if (text !== undefined) return text.replace('{n}', counted(status, digits))
  }
  return 'application-specific'
}

/** [ISO7816-4] 5.1.3: 00 in the second byte of 61XX and 6CXX stands for 256, in 61XX for 256 or more. */
function counted(status: string, digits: number): string {
  if (status === '6100') return '256 or more'
  return status === '6C00' ? '256' : `${Number.parseInt(status.slice(4 - digits), 16)}`
}
