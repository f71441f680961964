export { concat, equalBytes, expectLength, fromHex, toHex, xor } from './bytes.js'
export { ERROR_CODES, type ErrorCode, type ErrorDetails, IssuerkitError } from './errors.js'
