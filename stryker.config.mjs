/** Mutation testing of the pure packages; `npm run mutate` (scripts/mutate.mjs) adds which files to mutate. */
export default {
  packageManager: 'pnpm',
  plugins: ['@stryker-mutator/vitest-runner', './scripts/mutate-ignorer.mjs'],
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.stryker.config.ts', related: true },
  coverageAnalysis: 'perTest',
  // A mutant in a module's top level would need a fresh process and every test for each: tables are judged by review.
  ignoreStatic: true,
  // Texts are left out and error codes are not: scripts/mutate-ignorer.mjs says which string is which.
  ignorers: ['texts'],
  thresholds: { high: 96, low: 92, break: 92 },
  timeoutMS: 4000,
  concurrency: 2,
  reporters: ['json', 'html', 'progress'],
  tempDirName: '.stryker-tmp',
  // TypeScript 7 has no API: nothing here may ask it to read a tsconfig.json. Type checking is `npm run check`.
  tsconfigFile: 'none',
  disableTypeChecks: false,
  // Only what the tests of one package need; scripts/mutate.mjs adds the package. What a package imports of another one it
  // takes from the real tree, through node_modules.
  ignorePatterns: ['**', '!vectors/**', '!tsconfig.base.json', '!packages/*/tsconfig.json', '!vitest.stryker.*.ts'],
}
