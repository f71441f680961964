/** The page's program as one ES module, made as a user's bundler makes it: for browsers, from the packages' sources. */
import { build } from 'esbuild'

/** A bundle, and what went into it. */
export interface Bundle {
  readonly code: string
  /** The files, relative to the project. */
  readonly inputs: readonly string[]
  /** What it would still import when it runs. */
  readonly imports: readonly string[]
}

/** Bundles one file of the project. */
export async function bundle(root: string, entry: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: 'page.js',
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['@issuerkit/source'],
    // A package may have modules for Node that the page does not use; `imports` tells what it does use.
    external: ['node:*'],
    logLevel: 'silent',
  })
  return {
    code: outputFiles[0]?.text ?? '',
    inputs: Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs)),
    imports: Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path)),
  }
}
