/**
 * The address that the host listens on.
 */
import { createServer } from 'node:net'
import { HostError, systemCode } from './errors.js'

export interface ListenAddress {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
}

const LOOPBACK = ['127.0.0.1', '::1', 'localhost']

/** ERR_HOST_NOT_LOOPBACK unless `host` is this machine's own loopback. */
export function expectLoopback({ host }: ListenAddress): void {
  if (LOOPBACK.includes(host)) return
  throw new HostError(
    'ERR_HOST_NOT_LOOPBACK',
    `dev mode listens on loopback only (${LOOPBACK.join(', ')}), not on ${host}`,
  )
}

/** Looks whether the address can be had, before anything else is started. */
export async function expectFree({ host, port }: ListenAddress): Promise<void> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error) => reject(listenError(error, { host, port })))
    probe.listen(port, host, () => probe.close(() => resolve()))
  })
}

/** The coded form of what listening failed with. */
export function listenError(cause: unknown, { host, port }: ListenAddress): HostError {
  if (systemCode(cause) !== 'EADDRINUSE') {
    return new HostError('ERR_LISTEN', `cannot listen on ${host} port ${port} (${systemCode(cause)})`, { cause })
  }
  const message = `port ${port} on ${host} is taken: stop the program that has it, or choose another with --port`
  return new HostError('ERR_PORT_TAKEN', message, { cause })
}
