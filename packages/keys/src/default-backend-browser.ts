/** The back end that is in use from the start where there is no node:crypto. It refuses RSA private keys. */
import { portableBackend } from './backend-portable.js'

export const defaultBackend = portableBackend()
