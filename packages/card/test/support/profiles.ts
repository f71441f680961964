/** Profiles for tests: what a person would write, with test keys. */

export const MASTER = {
  ac: '0123456789ABCDEFFEDCBA9876543210',
  mac: '00112233445566778899AABBCCDDEEFF',
  enc: 'FFEEDDCCBBAA99887766554433221100',
} as const

/** The fields that an application cannot do without. */
export const LEAST: Readonly<Record<string, unknown>> = {
  aid: 'A000000333010101',
  label: 'PBOC DEBIT',
  scheme: 'pboc',
  pan: '6200000000000005',
  expiry: '20491231',
  pin: '1234',
  keys: { master: MASTER },
}

/** A profile of one application, fields of it changed; `undefined` takes one away. */
export function profileOf(change: Readonly<Record<string, unknown>> = {}): { applications: Record<string, unknown>[] } {
  const application = Object.entries({ ...LEAST, ...change }).filter(([, value]) => value !== undefined)
  return { applications: [Object.fromEntries(application)] }
}
