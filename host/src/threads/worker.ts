/** What a thread of the pool does: each function is called by its name. */
export { authenticateLines } from './authenticate-lines.js'
export { verifyCryptograms } from './verify-cryptograms.js'

/** Answered by a thread that has loaded all this. */
export function ready(): void {}
