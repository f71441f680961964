/** The back end that is in use from the start: OpenSSL's. package.json gives browsers default-backend-browser.ts instead. */
import { nodeBackend } from './backend-node.js'

export const defaultBackend = nodeBackend
