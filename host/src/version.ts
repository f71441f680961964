import { readFileSync } from 'node:fs'

interface Manifest {
  readonly version: string
}

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as Manifest

/** The version of the host, as its package says. */
export const HOST_VERSION: string = manifest.version
